/// The style sheet, the programs and the icon of the dashboard, as they stand beside this file: SwiftPM puts their
/// bytes into `PackageResources`, so the daemon needs no file of its own to serve them.
package struct DashboardFile: Sendable {
    package let name: String
    package let contentType: String
    package let bytes: [UInt8]

    package static let all: [DashboardFile] = [
        DashboardFile(
            name: "sijill.css", contentType: "text/css; charset=utf-8", bytes: PackageResources.sijill_css),
        program("page.js", PackageResources.page_js),
        program("live.js", PackageResources.live_js),
        program("search.js", PackageResources.search_js),
        program("proof.js", PackageResources.proof_js),
        program("quarantine.js", PackageResources.quarantine_js),
        DashboardFile(
            name: "icon.svg", contentType: "image/svg+xml", bytes: PackageResources.icon_svg),
    ]

    private static func program(_ name: String, _ bytes: [UInt8]) -> DashboardFile {
        DashboardFile(name: name, contentType: "text/javascript; charset=utf-8", bytes: bytes)
    }
}
