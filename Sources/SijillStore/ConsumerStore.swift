import Foundation
import GRDB
import SijillFormat

// GRDB has a Cursor too.
import struct SijillFormat.Cursor

/// A named consumer: how far a client has come, kept for it (contract: feed §5).
package struct Consumer: Hashable, Sendable {
    package let name: String
    /// What it was made with, as it was said.
    package let start: String
    /// The query that its filter is in a URL; empty for none.
    package let filter: String
    package let description: String
    /// The last change that it has acknowledged; sequence 0 for none.
    package var ackedSequence: SequenceNumber
    /// The cursor of that change, or its bare number where none stands there.
    package var acked: String
    /// Goes up with each reader that begins.
    package var generation: UInt64
    package var lastSeen: Timestamp?

    package init(
        name: String, start: String, filter: String, description: String, ackedSequence: SequenceNumber,
        acked: String
    ) {
        self.name = name
        self.start = start
        self.filter = filter
        self.description = description
        self.ackedSequence = ackedSequence
        self.acked = acked
        generation = 0
    }

    /// Whether it was made in the same way.
    package func isSame(as other: Consumer) -> Bool {
        start == other.start && filter == other.filter && description == other.description
    }
}

/// The file `consumers.sqlite`: the only truth beside the log, so every change to it is synced before the call returns
/// (a rollback journal with `synchronous=FULL`). Call it from any thread; it waits for the disk.
package final class ConsumerStore: Sendable {
    /// What became of an acknowledgement.
    package enum Acknowledgement: Hashable, Sendable {
        case moved
        /// It is at or before what was acknowledged already.
        case notNewer
        /// Another reader has begun since.
        case fenced(generation: UInt64)
        case unknown
    }

    private let path: String
    private let queue: DatabaseQueue

    private static let sql = """
        create table if not exists consumers (
          name text primary key,
          start text not null,                    -- as it was said
          filter text not null,                   -- a query, as in a URL
          description text not null,
          acked_sequence integer not null,
          acked text not null,                    -- the cursor of that change
          generation integer not null,            -- of the present reader
          last_seen integer                       -- milliseconds since 1970; null: never read
        ) without rowid
        """

    /// Opens the file, or makes an empty one with mode 0640.
    ///
    /// - Throws: `StoreError`.
    package init(path: String) throws {
        self.path = path
        if !FileManager.default.fileExists(atPath: path) {
            // SQLite says it when it cannot be made.
            _ = FileManager.default.createFile(
                atPath: path, contents: nil, attributes: [.posixPermissions: 0o640])
        }
        var configuration = Configuration()
        configuration.label = "sijill.consumers"
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { try $0.execute(sql: "pragma synchronous = full") }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
            try queue.write { try $0.execute(sql: Self.sql) }
        } catch let error as DatabaseError {
            throw StoreError(error, "open", path)
        }
    }

    package func all() throws -> [Consumer] {
        try read {
            try Row.fetchAll($0, sql: "select \(Self.columns) from consumers order by name").map(
                Self.consumer)
        }
    }

    package func find(_ name: String) throws -> Consumer? {
        try read { try Self.find(name, in: $0) }
    }

    /// Makes a consumer; the one that stands when there is one of that name, and whether it was made now.
    package func make(_ consumer: Consumer) throws -> (Consumer, isNew: Bool) {
        try write { database in
            if let standing = try Self.find(consumer.name, in: database) { return (standing, false) }
            try database.execute(
                sql: """
                    insert into consumers
                    (name, start, filter, description, acked_sequence, acked, generation, last_seen)
                    values (?, ?, ?, ?, ?, ?, 0, null)
                    """,
                arguments: [
                    consumer.name, consumer.start, consumer.filter, consumer.description,
                    Int64(consumer.ackedSequence.value), consumer.acked,
                ])
            return (consumer, true)
        }
    }

    /// Whether there was one.
    package func remove(_ name: String) throws -> Bool {
        try write { database in
            try database.execute(sql: "delete from consumers where name = ?", arguments: [name])
            return database.changesCount > 0
        }
    }

    /// A new reader begins: the next generation is durable when this returns. Nil when there is no such consumer.
    package func begin(_ name: String, at time: Timestamp) throws -> Consumer? {
        try write { database in
            try database.execute(
                sql: "update consumers set generation = generation + 1, last_seen = ? where name = ?",
                arguments: [Int64(time.milliseconds), name])
            return try Self.find(name, in: database)
        }
    }

    /// Takes an acknowledgement of everything up to `cursor`. Durable when this returns.
    package func acknowledge(
        _ name: String, _ sequence: SequenceNumber, cursor: String, generation: UInt64, at time: Timestamp
    ) throws -> Acknowledgement {
        try write { database in
            guard let consumer = try Self.find(name, in: database) else { return .unknown }
            guard consumer.generation == generation else {
                return .fenced(generation: consumer.generation)
            }
            let isNewer = sequence > consumer.ackedSequence
            try database.execute(
                sql: "update consumers set acked_sequence = ?, acked = ?, last_seen = ? where name = ?",
                arguments: [
                    Int64((isNewer ? sequence : consumer.ackedSequence).value),
                    isNewer ? cursor : consumer.acked, Int64(time.milliseconds), name,
                ])
            return isNewer ? .moved : .notNewer
        }
    }

    private static func find(_ name: String, in database: Database) throws -> Consumer? {
        try Row.fetchOne(
            database, sql: "select \(columns) from consumers where name = ?", arguments: [name]
        ).map(consumer)
    }

    private static let columns =
        "name, start, filter, description, acked_sequence, acked, generation, last_seen"

    private static func consumer(_ row: Row) throws -> Consumer {
        var consumer = Consumer(
            name: try row.checked(0), start: try row.checked(1), filter: try row.checked(2),
            description: try row.checked(3), ackedSequence: SequenceNumber(try row.number(4)),
            acked: try row.checked(5))
        consumer.generation = try row.number(6)
        consumer.lastSeen = row.hasNull(atIndex: 7) ? nil : Timestamp(milliseconds: try row.number(7))
        return consumer
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try queue.read(body) } catch let error as DatabaseError {
            throw StoreError(error, "read", path)
        }
    }

    private func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        do { return try queue.write(body) } catch let error as DatabaseError {
            throw StoreError(error, "write", path)
        }
    }
}
