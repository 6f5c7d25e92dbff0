import GRDB
import SijillFormat

extension Row {
    /// The value of a column as it was written. Whatever a damaged file has there, this is an error and no trap.
    ///
    /// - Throws: `DatabaseError` with code `SQLITE_CORRUPT`.
    func checked<Value: DatabaseValueConvertible>(_ index: Int, as type: Value.Type = Value.self) throws
        -> Value
    {
        guard let value = Value.fromDatabaseValue(self[index]) else {
            throw DatabaseError(
                resultCode: .SQLITE_CORRUPT, message: "column \(index) of a row is no \(Value.self)")
        }
        return value
    }

    /// The same of a number that is never negative.
    func number(_ index: Int) throws -> UInt64 {
        let value = try checked(index, as: Int64.self)
        guard value >= 0 else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "column \(index) of a row is negative")
        }
        return UInt64(value)
    }
}

extension Database {
    /// The one number that a query gives.
    ///
    /// - Throws: `DatabaseError` with code `SQLITE_CORRUPT` when there is none.
    func number(_ sql: String) throws -> UInt64 {
        guard let row = try Row.fetchOne(self, sql: sql) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a row is missing", sql: sql)
        }
        return try row.number(0)
    }
}
