import HummingbirdTLS
import NIOSSL
import SijillFormat
import Synchronization

/// The certificate of the feed and its key, read from PEM files and read again on demand (contract: feed §6).
package final class TransportSecurity: Sendable {
    private let certificatePath: String
    private let keyPath: String
    private let current: Mutex<Pair>

    private struct Pair {
        let chain: [NIOSSLCertificateSource]
        let key: NIOSSLPrivateKeySource
        /// When the first certificate of the chain ends.
        let end: Timestamp
    }

    /// - Throws: `SijillError(.configuration)` when a file cannot be read or does not belong to the other.
    package init(certificate: String, key: String) throws(SijillError) {
        certificatePath = certificate
        keyPath = key
        current = Mutex(try Self.read(certificate: certificate, key: key))
    }

    /// Takes what is in the files now for connections from now on; what was taken before stays when that is no good.
    ///
    /// - Throws: As `init`.
    package func reload() throws(SijillError) {
        let pair = try Self.read(certificate: certificatePath, key: keyPath)
        current.withLock { $0 = pair }
    }

    /// When the first certificate of the chain that is current ends to be valid.
    package var end: Timestamp { current.withLock { $0.end } }

    /// TLS 1.2 and later; each handshake takes the pair that is current then.
    var configuration: TLSConfiguration {
        let pair = current.withLock { $0 }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: pair.chain, privateKey: pair.key)
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.sslContextCallback = { [self] _, promise in
            let pair = current.withLock { $0 }
            var override = NIOSSLContextConfigurationOverride()
            override.certificateChain = pair.chain
            override.privateKey = pair.key
            promise.succeed(override)
        }
        return configuration
    }

    private static func read(certificate: String, key: String) throws(SijillError) -> Pair {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate)
            let privateKey = try NIOSSLPrivateKey(file: key, format: .pem)
            let end = chain.map { max(0, $0.notValidAfter) }.min() ?? 0
            let pair = Pair(
                chain: chain.map { .certificate($0) }, key: .privateKey(privateKey),
                end: Timestamp(milliseconds: UInt64(end) * 1_000))
            // A key of another certificate is found here and not at the first handshake.
            _ = try NIOSSLContext(
                configuration: .makeServerConfiguration(certificateChain: pair.chain, privateKey: pair.key))
            return pair
        } catch {
            throw SijillError(
                .configuration, "the certificate \(certificate) with the key \(key) cannot be used: \(error)",
                remedy:
                    "give PEM files that this user may read: the chain in tls.certificate, its key in tls.key"
            )
        }
    }
}
