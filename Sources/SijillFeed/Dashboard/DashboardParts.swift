import SijillFormat

/// What the dashboard shows and does beyond the log and the store: the way in, which the feed does not know.
package struct DashboardParts: Sendable {
    /// One rejected file, or the rejected records of files of one name.
    package struct Rejected: Sendable {
        /// `<reason>/<name>`: what it is tried again by.
        package let id: String
        package let reason: String
        package let name: String
        package let source: String?
        package let detail: String?
        /// When it was rejected, RFC 3339; nil where its report does not say.
        package let time: String?
        /// Rejected records; nil of a whole file.
        package let records: Int?

        package init(
            id: String, reason: String, name: String, source: String?, detail: String?, time: String?,
            records: Int?
        ) {
            self.id = id
            self.reason = reason
            self.name = name
            self.source = source
            self.detail = detail
            self.time = time
            self.records = records
        }
    }

    /// Where files are dropped.
    package let inboxPath: String
    /// What lies in quarantine. Reads a folder: called where waiting hurts no connection.
    package let quarantine: @Sendable () throws -> [Rejected]

    package init(inboxPath: String, quarantine: @escaping @Sendable () throws -> [Rejected]) {
        self.inboxPath = inboxPath
        self.quarantine = quarantine
    }
}
