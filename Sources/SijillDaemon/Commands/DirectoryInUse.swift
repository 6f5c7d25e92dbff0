import SijillFiles
import SijillFormat
import SijillLog

/// How a command works on a data directory that a daemon may be using.
enum DirectoryInUse {
    /// The lock of the directory; nil when a daemon has it, which then says over its control socket how far its log is
    /// durable.
    static func lock(of directory: DataDirectory) throws(SijillError) -> DirectoryLock? {
        do throws(SijillError) {
            return try DirectoryLock(directory)
        } catch {
            if error.code == .locked { return nil }
            throw error
        }
    }

    /// The last change that the running daemon has made durable.
    static func position(of directory: DataDirectory) throws -> SequenceNumber {
        // 'sijill mirror' answers no questions, but never takes back what its state says.
        if let state = try LogState.read(directory.state), state.isMirror { return state.sequence }
        guard let answer = try LocalSocket.ask(directory.control, ControlServer.Question.position.rawValue),
            let value = try? JSONParser.parse(Array(answer.utf8)),
            case .number(let literal)? = value["sequence"],
            let sequence = Decimal.value(Array(literal.utf8))
        else {
            throw SijillError(
                .locked,
                "another sijilld works on \(directory.root.escapedForDisplay) and does not say how far it is",
                remedy: "try again in a moment, or stop it")
        }
        return SequenceNumber(sequence)
    }
}
