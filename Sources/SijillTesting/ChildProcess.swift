import Dispatch
import Foundation
import Glibc

/// Runs a program to its end. (Foundation's `Process` was seen to miss the end of a child while others were started
/// beside it; a thread that waits for this one child cannot.)
package struct ChildProcess: Sendable {
    /// Exit code, or 128 and the signal that ended it.
    package let code: Int32
    package let output: String
    package let error: String

    /// - Throws: `POSIXError` when the program cannot be started.
    package static func run(
        _ path: String, _ arguments: [String], environment: [String: String]
    ) async throws -> ChildProcess {
        let folder = try TemporaryDirectory()
        let (output, error) = (folder.path("output"), folder.path("error"))
        let child = try start(path, arguments, environment, output: output, error: error)
        let code = await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: wait(for: child)) }
        }
        func text(_ path: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        }
        return ChildProcess(code: code, output: try text(output), error: try text(error))
    }

    private static func start(
        _ path: String, _ arguments: [String], _ environment: [String: String], output: String, error: String
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, error, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let argv = ([path] + arguments).map { strdup($0) } + [nil]
        let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var child: pid_t = 0
        let failure = posix_spawn(&child, path, &actions, nil, argv, envp)
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO) }
        return child
    }

    private static func wait(for child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }
}
