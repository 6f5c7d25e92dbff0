import Foundation
import Logging
import SijillFeed
import SijillFiles
import SijillFormat

/// Where the feed listens, with tokens, certificate and key as the configuration names them: read at start, the files
/// again on SIGHUP.
struct FeedAccess: Sendable {
    /// What the service manager hands over, else what the configuration says.
    let address: FeedConfiguration.Address
    let control: AccessControl
    let security: TransportSecurity?
    private let tokensPath: String?

    /// Reads the files, and refuses an address that others can reach without what protects it (contract: feed §6).
    ///
    /// - Throws: `SijillError(.configuration)`.
    init(
        _ configuration: DaemonConfiguration,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SijillError) {
        let sockets = try InheritedSocket.all(environment: environment)
        address =
            switch configuration.listen {
            case _ where !sockets.isEmpty:
                .inherited(sockets.map(\.descriptor), names: sockets.map(\.address))
            case .tcp(let host, let port): .host(host, port: port)
            case .unixSocket(let path): .unix(path)
            }
        let access = configuration.access
        tokensPath = access.tokensPath
        control = AccessControl(try access.tokensPath.map(FeedAccess.tokens) ?? [])
        switch (access.certificatePath, access.keyPath) {
        case (let certificate?, let key?):
            security = try TransportSecurity(certificate: certificate, key: key)
        case (nil, nil): security = nil
        default:
            throw SijillError(
                .configuration, "one of tls.certificate and tls.key is missing",
                remedy: "give both, or neither")
        }
        let isLocal =
            sockets.isEmpty ? configuration.listen.isLocal : sockets.allSatisfy(\.isLocal)
        if isLocal || access.isBehindProxy { return }
        if control.isRequired, security != nil { return }
        var missing: [String] = []
        if !control.isRequired { missing.append("tokens") }
        if security == nil { missing.append("tls.certificate and tls.key") }
        throw SijillError(
            .configuration,
            "listen: \(address) can be reached from other machines, and anyone there could read the log",
            remedy: "set \(missing.joined(separator: ", and ")); or listen on 127.0.0.1; or, where a proxy in"
                + " front sees to TLS and access, set behind_proxy: true")
    }

    /// Reads tokens, certificate and key again. What is no good is logged, and what was there goes on.
    func reload(_ logger: Logger) {
        do throws(SijillError) {
            if let tokensPath { control.replace(try FeedAccess.tokens(tokensPath)) }
            try security?.reload()
            if tokensPath != nil || security != nil { logger.notice("tokens and certificate read again") }
        } catch {
            logger.error("tokens and certificate stay as they were", metadata: ["error": "\(error)"])
        }
    }

    private static func tokens(_ path: String) throws(SijillError) -> [AccessToken] {
        guard let data = FileManager.default.contents(atPath: path),
            let text = String(validating: data, as: UTF8.self)
        else {
            throw SijillError(
                .configuration, "tokens: \(path) cannot be read",
                remedy: "name a text file that this user may read")
        }
        let mode = try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        if let mode, mode & 0o007 != 0 {
            throw SijillError(
                .configuration, "tokens: everyone on this machine may read \(path)", remedy: "chmod o-rwx it")
        }
        let tokens = try AccessToken.parse(text, path: path)
        if tokens.isEmpty {
            throw SijillError(
                .configuration, "tokens: \(path) holds no token", remedy: "write NAME SCOPE TOKEN, one a line"
            )
        }
        return tokens
    }
}
