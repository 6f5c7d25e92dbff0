import Dispatch
import Logging
import SijillFiles
import SijillFormat
import SijillStore

/// Brings the search index up to the log, behind the ledger: on the serial queue `sijill.search`.
///
/// `@unchecked Sendable`: everything is touched on the queue only, and that is checked.
final class SearchIndexer: @unchecked Sendable {
    private let queue = DispatchQueue(label: "sijill.search", qos: .utility)
    private let store: Store
    private let logger: Logger
    private let failed: @Sendable (SijillError) -> Void
    private var pace = IndexerPace()
    private var timer: DeadlineTimer?
    private var isStopped = false
    /// A step stands on the queue already.
    private var isScheduled = false
    private var isOutOfSpace = false
    /// Texts of the stretch of work that has not been told yet.
    private var texts = 0
    private var stretch = Duration.zero

    /// How long the indexer waits when there is no space.
    private static let retryInterval = Duration.seconds(5)

    /// - Parameter failed: Called, on the indexer's queue, when the store cannot be written any more.
    init(store: Store, logger: Logger, failed: @escaping @Sendable (SijillError) -> Void) {
        self.store = store
        self.logger = logger
        self.failed = failed
    }

    /// Begins with what is not indexed yet.
    func start() {
        queue.sync {
            timer = DeadlineTimer(queue: queue) { [weak self] in self?.schedule() }
            schedule()
        }
    }

    /// The ledger applied a batch. From any queue; returns at once.
    func batchApplied() {
        queue.async { [self] in
            pace.batch(at: .now)
            schedule()
        }
    }

    /// Ends the work; what is left is done after the next start. Waits for a transaction in progress.
    func stop() {
        queue.sync {
            isStopped = true
            timer?.cancel()
        }
    }

    private func schedule() {
        guard !isScheduled, !isStopped else { return }
        isScheduled = true
        queue.async { self.work() }
    }

    /// One step; the next one comes behind whatever else waits on the queue.
    private func work() {
        dispatchPrecondition(condition: .onQueue(queue))
        isScheduled = false
        guard !isStopped else { return }
        do {
            switch pace.next(at: .now) {
            case .index(let budget):
                let step = try store.indexTexts(for: budget)
                texts += step.texts
                stretch += step.took
                pace.indexed(isBehind: step.isBehind, took: step.took, at: .now)
                if !step.isBehind { report(step.indexed) }
                schedule()
            case .merge(let pages):
                let step = try store.mergeSearchIndex(pages: pages)
                pace.merged(more: step.more, took: step.took, at: .now)
                schedule()
            case .checkpoint:
                try store.checkpointAfterIndexing()
                pace.moved(at: .now)
                schedule()
            case .wait(let duration):
                timer?.schedule(after: duration)
            case .rest:
                break
            }
            isOutOfSpace = false
        } catch let error as StoreError {
            handle(error)
        } catch {
            logger.error("the search index stands still", metadata: ["reason": "\(error)"])
        }
    }

    private func handle(_ error: StoreError) {
        switch error.code {
        case .outOfSpace:
            if !isOutOfSpace {
                logger.warning("the search index waits for space", metadata: ["reason": "\(error)"])
            }
            isOutOfSpace = true
            timer?.schedule(after: Self.retryInterval)
        case .inputOutput:
            failed(error.sijillError)
        case .unusable, .contradiction, .failed, .blocked:
            isStopped = true
            logger.error(
                "the search index stands still",
                metadata: ["reason": "\(error)", "remedy": "stop the daemon and run sijilld rebuild"])
        }
    }

    /// One line for a stretch of work that is worth one.
    private func report(_ indexed: SequenceNumber) {
        if texts > 0 {
            logger.debug(
                "indexed",
                metadata: [
                    "search.sequence": "\(indexed)", "texts": "\(texts)", "ms": "\(stretch.milliseconds)",
                ])
        }
        texts = 0
        stretch = .zero
    }
}
