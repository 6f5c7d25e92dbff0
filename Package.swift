// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours is Swift 6 and lets no warning through.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let sqlite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

/// A module of ours in Sources/<name>.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A program of ours in Sources/<name>.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of a module, in Tests/<name>Tests.
func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.target(name: name), "SijillTesting"] + dependencies,
        swiftSettings: strict)
}

let package = Package(
    name: "sijill",
    products: [
        .library(name: "Sijill", targets: ["Sijill"]),
        .executable(name: "sijilld", targets: ["SijillServer"]),
        .executable(name: "sijill", targets: ["SijillCLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: [.defaults]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Pure.
        module("SijillFormat", [crypto]),
        module("SijillMerkle", ["SijillFormat", crypto]),
        module("SijillText"),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CUchardet", providers: [.apt(["libuchardet-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        module("SijillArticles", ["SijillFormat", "SijillText", "CLibXML2", "CUchardet", "CZlib"]),
        // System calls and Dispatch.
        .target(name: "CSijillSystem"),
        module("SijillFiles", ["SijillFormat", "CSijillSystem"]),
        // The truth, and the view of it. They do not know each other.
        module("SijillLog", ["SijillFormat", "SijillMerkle", "SijillFiles"]),
        module("SijillStore", ["SijillFormat", "SijillText", grdb, sqlite]),
        // The way in, and the way out.
        module("SijillIngest", ["SijillFormat", "SijillText", "SijillArticles", "SijillFiles", logging]),
        .target(
            name: "DashboardFiles", path: "Sources/SijillFeed/Dashboard/Files",
            resources: [
                "sijill.css", "page.js", "live.js", "search.js", "proof.js", "quarantine.js", "icon.svg",
            ].map { .embedInCode($0) },
            swiftSettings: strict),
        .target(
            name: "SijillFeed",
            dependencies: [
                "DashboardFiles", "SijillFormat", "SijillMerkle", "SijillText", "SijillLog", "SijillStore",
                hummingbird, hummingbirdTLS, lifecycle, logging,
            ],
            exclude: ["Dashboard/Files"], swiftSettings: strict),
        // The daemon.
        module(
            "SijillDaemon",
            [
                "SijillFormat", "SijillMerkle", "SijillText", "SijillArticles", "SijillFiles", "SijillLog",
                "SijillStore", "SijillIngest", "SijillFeed", arguments, configuration, yams, hummingbird,
                lifecycle, logging,
            ]),
        program("SijillServer", ["SijillDaemon"]),
        // The clients.
        module("Sijill", ["SijillFormat", "SijillMerkle", httpClient]),
        program(
            "SijillCLI",
            [
                "Sijill", "SijillFormat", "SijillMerkle", "SijillFiles", "SijillLog", "SijillStore",
                arguments,
            ]),
        // The measuring programs.
        .executableTarget(
            name: "HTMLExtractionBenchmark", dependencies: ["SijillArticles", "SijillFormat", "SijillText"],
            path: "Benchmarks/html-extraction", exclude: ["README.md"], swiftSettings: strict),
        .executableTarget(
            name: "EvidenceBenchmark",
            dependencies: ["SijillFiles", "SijillFormat", "SijillLog", "SijillStore"],
            path: "Benchmarks/evidence", exclude: ["README.md"], swiftSettings: strict),
        .executableTarget(
            name: "RelationsBenchmark", dependencies: ["SijillArticles", "SijillTesting", "SijillText"],
            path: "Benchmarks/relations", exclude: ["README.md"], swiftSettings: strict),
        .executableTarget(
            name: "SearchBenchmark", dependencies: ["SijillFormat", "SijillStore", "SijillText"],
            path: "Benchmarks/search", exclude: ["README.md"], swiftSettings: strict),
        // The tests.
        module("SijillTesting", ["SijillFormat", "SijillFiles", "CZlib"]),
        tests(of: "SijillFormat"),
        tests(of: "SijillMerkle"),
        tests(of: "SijillText"),
        tests(of: "SijillArticles"),
        tests(of: "SijillFiles"),
        tests(of: "SijillLog"),
        tests(of: "SijillStore"),
        tests(of: "SijillIngest"),
        tests(of: "SijillFeed", ["SijillLog", "SijillStore", hummingbirdTesting, lifecycle]),
        tests(of: "SijillDaemon", ["SijillLog", "SijillStore", grdb]),
        tests(of: "Sijill", ["SijillFeed", "SijillLog", "SijillStore", "SijillCLI", lifecycle]),
    ]
)
