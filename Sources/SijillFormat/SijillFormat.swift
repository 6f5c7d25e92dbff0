/// The words that Sijill writes on disk and on the wire.
///
/// Everything here is pure: values, their bytes, and the names of files. `Documentation/Format.md` is the same
/// thing in prose. Nothing in this module touches a file, a clock or a queue.
package enum SijillFormat {
    /// The version of Sijill (https://semver.org): of both programs, of the library and of the package.
    package static let version = "0.1.0"

    /// The CloudEvents version of every change (https://github.com/cloudevents/spec/blob/v1.0.2).
    package static let cloudEventsVersion = "1.0"

    /// `dataschema` of every change written by this version.
    package static let changeSchema = "urn:sijill:schema:change:1"

    /// Version of the data directory. A directory of another version is refused with exit code 78.
    package static let directoryVersion = 1
}
