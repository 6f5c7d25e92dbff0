import Configuration
import Foundation
import SijillFiles
import SijillFormat
import SijillIngest

extension DaemonConfiguration {
    /// Reads the configuration: flags win over the environment, the environment over the file, the file over the
    /// defaults. Variables that are no key (`SIJILL_URL` of the client, for one) are left alone.
    ///
    /// - Parameters:
    ///   - flags: What was said on the command line, as it was written there.
    ///   - environment: All variables of the process.
    ///   - path: The YAML file of `--config`; nil for none. A file that is named has to be there.
    /// - Throws: `SijillError(.configuration)` that names flag, variable or line and column, and the remedy.
    package static func load(
        flags: [ConfigurationKey: String], environment: [String: String], file path: String?
    ) throws(SijillError) -> DaemonConfiguration {
        guard let path else {
            return try load(flags: flags, environment: environment, settings: [:], SourceRules())
        }
        return try load(flags: flags, environment: environment, yaml: try read(path), path: path)
    }

    /// The same with the text of the file at hand; `path` is only for messages.
    package static func load(
        flags: [ConfigurationKey: String], environment: [String: String], yaml: String, path: String
    ) throws(SijillError) -> DaemonConfiguration {
        let file = try ConfigurationFile(yaml: yaml, path: path)
        return try load(flags: flags, environment: environment, settings: file.settings, file.sources)
    }

    private static func load(
        flags: [ConfigurationKey: String], environment: [String: String],
        settings: [ConfigurationKey: ConfigurationFile.Setting], _ sources: SourceRules
    ) throws(SijillError) -> DaemonConfiguration {
        let reader = ConfigReader(providers: [
            InMemoryProvider(name: "flags", values: values(flags)),
            EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "sijill"),
            InMemoryProvider(name: "file", values: values(settings.mapValues(\.text))),
        ])
        var configuration = DaemonConfiguration()
        configuration.sources = sources
        for key in ConfigurationKey.allCases {
            // Every provider holds texts only: the reader's own conversions fall back to a default in silence.
            guard let text = reader.string(forKey: ConfigKey(key.components)) else { continue }
            do {
                try configuration.set(key, to: text)
            } catch {
                let place =
                    if flags[key] != nil {
                        "flag \(key.flag ?? key.rawValue)"
                    } else if environment[key.environmentName] != nil {
                        "environment variable \(key.environmentName)"
                    } else {
                        settings[key]?.place ?? key.rawValue
                    }
                throw SijillError(
                    .configuration,
                    "\(place): '\(error.text.escapedForDisplay)' is no value of '\(key.rawValue)'",
                    remedy: "write \(error.expected)")
            }
        }
        return configuration
    }

    private static func values(_ texts: [ConfigurationKey: String]) -> [AbsoluteConfigKey: ConfigValue] {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for (key, text) in texts {
            values[AbsoluteConfigKey(key.components)] = ConfigValue(.string(text), isSecret: false)
        }
        return values
    }

    private static func read(_ path: String) throws(SijillError) -> String {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw SijillError(
                .configuration, "\(path): cannot be read: \(reason(error))",
                remedy: "name a readable file with --config, or leave it out to take the defaults")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw SijillError(.configuration, "\(path): not valid UTF-8", remedy: "save the file as UTF-8")
        }
        return text
    }

    /// The system's own words for an error of Foundation, without its wrapping.
    private static func reason(_ error: any Error) -> String {
        let underlying = (error as? CocoaError)?.userInfo[NSUnderlyingErrorKey]
        guard let code = (underlying as? POSIXError)?.code else { return "\(error)" }
        return String(cString: strerror(code.rawValue))
    }
}
