import Glibc
import SijillFormat

/// A system call that failed: which one, on what, and its errno.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    package let call: String
    /// The path or the name of what it was called on; control characters are escaped when it is shown.
    package let path: String
    package let code: Int32

    package init(_ call: String, _ path: String, code: Int32) {
        self.call = call
        self.path = path
        self.code = code
    }

    /// The error that the last call on this thread left in errno. Call it before anything else can change errno.
    package static func last(_ call: String, _ path: String) -> SystemError {
        SystemError(call, path, code: errno)
    }

    package var description: String {
        "\(call) \(path.escapedForDisplay): \(String(cString: strerror(code)))"
    }

    /// No space, no quota: ingest pauses, nothing is rejected.
    package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }

    /// The calling user may not: tried again later, or exit code 77.
    package var isPermission: Bool { code == EACCES || code == EPERM || code == EROFS }

    package var isNotFound: Bool { code == ENOENT || code == ENOTDIR }

    /// The same for whoever ends the process.
    package func sijillError(remedy: String = "") -> SijillError {
        SijillError(isPermission ? .permission : .inputOutput, description, remedy: remedy)
    }
}

/// Runs a call that returns -1 and sets errno when it fails, again after each EINTR.
///
/// - Throws: `SystemError` with the errno of the call.
@discardableResult
package func system<Result: SignedInteger>(
    _ call: String, _ path: @autoclosure () -> String, _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        if errno != EINTR { throw .last(call, path()) }
    }
}

extension String {
    /// The text with control and bidirectional formatting characters written as `\u{…}`: safe on a terminal and in
    /// the logger's output. Never used in a change.
    package var escapedForDisplay: String {
        var shown = ""
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069:
                shown += "\\u{\(Swift.String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }
}
