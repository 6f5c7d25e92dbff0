import Dispatch
import Glibc
import SijillFiles
import SijillFormat

/// Answers the commands of `sijilld` that run beside the daemon, over `<data>/control`.
///
/// A question is one word; an answer is one line of JSON. Only this user can open the socket.
package final class ControlServer: Sendable {
    /// What can be asked.
    package enum Question: String, CaseIterable, Sendable {
        /// How far the log is durable: `{"sequence":42}`.
        case position
    }

    private let path: String
    private let source: ReadSource
    private static let queue = DispatchQueue(label: "sijill.control")

    /// Listens at once; `answer` is called on a queue of its own and may wait for others.
    package init(
        _ directory: DataDirectory, answer: @escaping @Sendable (Question) -> String
    ) throws(SystemError) {
        let path = directory.control
        let listener = FileDescriptor(try LocalSocket.listen(path), path: path)
        self.path = path
        source = ReadSource(listener, queue: Self.queue) {
            // One that goes away before its answer is no one's problem.
            try? LocalSocket.answer(listener.number, path) { question in
                Question(rawValue: question).map(answer) ?? #"{"error":"unknown question"}"#
            }
        }
    }

    package func stop() {
        source.cancel()
        try? Durable.remove(path)
    }
}
