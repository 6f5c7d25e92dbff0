import GRDB
import GRDBSQLite
import SijillFormat

/// Values go to and from SQLite here without passing through `String`, whose conversions would cost more than
/// the insert itself. This is the only file that calls SQLite's C interface; the calls are those of
/// https://www.sqlite.org/c3ref/intro.html, made on the connection's own queue, inside GRDB's access blocks.
extension Statement {
    /// Tells SQLite to copy what it is given before the call returns.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    /// Runs the statement with `values` for its places, to its end, dropping what it returns.
    ///
    /// - Throws: `DatabaseError`.
    func run(_ values: [StoreValue]) throws {
        try start(values)
        defer { sqlite3_reset(sqliteStatement) }
        while try step() {}
    }

    /// The first row of the statement with `values` for its places; nil when there is none.
    ///
    /// - Throws: `DatabaseError`.
    func first(_ values: [StoreValue]) throws -> [StoreValue]? {
        try start(values)
        defer { sqlite3_reset(sqliteStatement) }
        return try step() ? row : nil
    }

    /// Sets the statement before its first row, with `values` for its places.
    func start(_ values: [StoreValue]) throws {
        sqlite3_reset(sqliteStatement)
        for (position, value) in values.enumerated() { try bind(value, at: Int32(position + 1)) }
    }

    /// Goes to the next row; false behind the last.
    ///
    /// - Throws: `DatabaseError`.
    func step() throws -> Bool {
        switch sqlite3_step(sqliteStatement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw error(code)
        }
    }

    /// Ends a statement that was not stepped to its end, so that it holds no snapshot.
    func end() { sqlite3_reset(sqliteStatement) }

    /// The row that `step` went to.
    var row: [StoreValue] {
        let count = sqlite3_column_count(sqliteStatement)
        return (0..<count).map { value(at: $0) }
    }

    func value(at column: Int32) -> StoreValue {
        switch sqlite3_column_type(sqliteStatement, column) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(sqliteStatement, column))
        case SQLITE_FLOAT: .real(sqlite3_column_double(sqliteStatement, column))
        case SQLITE_TEXT: .text(bytes(at: column))
        case SQLITE_BLOB: .blob(bytes(at: column))
        default: .null
        }
    }

    func isNull(at column: Int32) -> Bool { sqlite3_column_type(sqliteStatement, column) == SQLITE_NULL }

    /// The number there; nil when it is none.
    func number(at column: Int32) -> UInt64? {
        guard sqlite3_column_type(sqliteStatement, column) == SQLITE_INTEGER else { return nil }
        return UInt64(bitPattern: sqlite3_column_int64(sqliteStatement, column))
    }

    /// The digest there; nil when it is none.
    func digest(at column: Int32) -> Digest? {
        guard sqlite3_column_type(sqliteStatement, column) == SQLITE_BLOB,
            sqlite3_column_bytes(sqliteStatement, column) == Digest.bytes,
            let start = sqlite3_column_blob(sqliteStatement, column)
        else { return nil }
        let high = start.loadUnaligned(fromByteOffset: 0, as: UInt128.self)
        let low = start.loadUnaligned(fromByteOffset: 16, as: UInt128.self)
        return Digest(high: UInt128(bigEndian: high), low: UInt128(bigEndian: low))
    }

    /// The bytes of a text or blob. SQLite keeps them until the next step; they are copied before that.
    private func bytes(at column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(sqliteStatement, column) else { return [] }
        let count = Int(sqlite3_column_bytes(sqliteStatement, column))
        return Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    private func bind(_ value: StoreValue, at place: Int32) throws {
        let code =
            switch value {
            case .null: sqlite3_bind_null(sqliteStatement, place)
            case .integer(let number): sqlite3_bind_int64(sqliteStatement, place, number)
            case .real(let number): sqlite3_bind_double(sqliteStatement, place, number)
            case .text(let bytes): bindText(bytes, at: place)
            case .blob(let bytes): bindBlob(bytes, at: place)
            }
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// An empty array has no address, and SQLite takes a nil address for null.
    private func bindText(_ bytes: [UInt8], at place: Int32) -> Int32 {
        bytes.withUnsafeBytes { raw in
            guard let start = raw.baseAddress, raw.count > 0 else {
                return sqlite3_bind_text64(
                    sqliteStatement, place, "", 0, Statement.copied, UInt8(SQLITE_UTF8))
            }
            return sqlite3_bind_text64(
                sqliteStatement, place, start.assumingMemoryBound(to: CChar.self), UInt64(raw.count),
                Statement.copied, UInt8(SQLITE_UTF8))
        }
    }

    private func bindBlob(_ bytes: [UInt8], at place: Int32) -> Int32 {
        bytes.withUnsafeBytes { raw in
            guard raw.count > 0 else { return sqlite3_bind_zeroblob(sqliteStatement, place, 0) }
            return sqlite3_bind_blob64(
                sqliteStatement, place, raw.baseAddress, UInt64(raw.count), Statement.copied)
        }
    }

    private func error(_ code: Int32) -> DatabaseError {
        let connection = sqlite3_db_handle(sqliteStatement)
        return DatabaseError(
            resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
            message: String(cString: sqlite3_errmsg(connection)),
            sql: String(cString: sqlite3_sql(sqliteStatement)))
    }
}

extension Database {
    /// Pages of the WAL from which on a commit moves them into the file: 64 MiB. Four times SQLite's default, as each
    /// move waits for three syncs.
    private static let walPagesMax: Int32 = 4_000

    /// Whether a commit moves a long WAL into the file.
    func setCheckpointsAtCommit(_ isOn: Bool) {
        sqlite3_wal_autocheckpoint(sqliteConnection, isOn ? Database.walPagesMax : 0)
    }
}
