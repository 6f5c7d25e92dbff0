import SijillDaemon

await SijilldCommand.start()
