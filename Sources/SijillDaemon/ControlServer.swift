import Dispatch
import Glibc
import SijillFiles
import SijillFormat

/// Answers the commands of `sijilld` that run beside the daemon, over `<data>/control`.
///
/// A question is one word, with an argument behind it where it takes one; an answer is one line of JSON. Only this user can open the socket.
package final class ControlServer: Sendable {
    /// What can be asked.
    package enum Question: String, CaseIterable, Sendable {
        /// How far the log is durable: `{"sequence":42}`.
        case position
        /// Withdraw an article, which the argument names in JSON.
        case withdraw
        /// Make a new signing key: `{"key":"…"}`.
        case rotateKey = "rotate-key"
    }

    private let path: String
    private let source: ReadSource
    private static let queue = DispatchQueue(label: "sijill.control")

    /// Listens at once; `answer` is called on a queue of its own and may wait for others.
    package init(
        _ directory: DataDirectory, answer: @escaping @Sendable (Question, _ argument: String) -> String
    ) throws(SystemError) {
        let path = directory.control
        let listener = FileDescriptor(try LocalSocket.listen(path), path: path)
        self.path = path
        source = ReadSource(listener, queue: Self.queue) {
            // One that goes away before its answer is no one's problem.
            try? LocalSocket.answer(listener.number, path) { question in
                let parts = question.split(separator: " ", maxSplits: 1)
                return parts.first.flatMap { Question(rawValue: String($0)) }.map {
                    answer($0, parts.count > 1 ? String(parts[1]) : "")
                } ?? #"{"error":"unknown question"}"#
            }
        }
    }

    package func stop() {
        source.cancel()
        try? Durable.remove(path)
    }
}
