import SijillFormat

/// How the process ends, under a name that the argument parser does not use too.
typealias EndCode = ExitCode
