import GRDB

@testable import SijillStore

/// Every row of every table, typed, in order.
func dump(_ path: String) throws -> [String: [[StoreValue]]] {
    var configuration = Configuration()
    configuration.readonly = true
    let database = try DatabaseQueue(path: path, configuration: configuration)
    return try database.read { connection in
        var tables: [String: [[StoreValue]]] = [:]
        for table in StoreTable.allCases.map(\.rawValue) + ["meta"] {
            let statement = try connection.makeStatement(sql: "select * from \(table) order by 1, 2")
            var rows: [[StoreValue]] = []
            try statement.start([])
            while try statement.step() { rows.append(statement.row) }
            tables[table] = rows
        }
        return tables
    }
}

/// Runs SQL on a store behind its back, as a foreign hand would.
func tamper(_ path: String, _ sql: String) throws {
    let database = try DatabaseQueue(path: path)
    try database.writeWithoutTransaction { connection in
        // STRICTness of the schema is not what is tested here.
        try connection.execute(sql: "pragma ignore_check_constraints = on")
        try connection.execute(sql: sql)
    }
    try database.close()
}
