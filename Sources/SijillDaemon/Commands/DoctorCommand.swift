import ArgumentParser
import SijillFormat

/// `sijilld doctor`: what is wrong with machine, directory and configuration, and what to do about it.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look at limits, file systems, clock, permissions and space, and say what to do.",
        discussion: """
            Changes nothing. May run beside the daemon. Run it as the user that the daemon runs as. Ends with exit code \
            1 when there is a problem; warnings do not count.
            """)

    @OptionGroup var options: DirectoryOptions

    @Flag(help: "Print one JSON object instead of lines.")
    var json = false

    func run() throws {
        var doctor: Doctor
        do {
            doctor = Doctor(try options.load())
            doctor.add("configuration", .ok, "can be read")
        } catch let error as SijillError {
            // The rest is looked at with the defaults.
            var configuration = DaemonConfiguration()
            if let data = options.data { configuration.data = DataDirectory(data) }
            doctor = Doctor(configuration)
            doctor.add("configuration", .problem, error.message, error.remedy)
        }
        doctor.run()
        report(doctor)
        if doctor.hasProblem { throw ExitCode(EndCode.checkFailed.rawValue) }
    }

    private func report(_ doctor: Doctor) {
        guard json else {
            for finding in doctor.findings { printLine(finding.line.escapedForDisplay) }
            return
        }
        printJSON(
            JSONMember(name: "healthy", value: .bool(!doctor.hasProblem)),
            JSONMember(name: "findings", value: .array(doctor.findings.map(\.json))))
    }
}
