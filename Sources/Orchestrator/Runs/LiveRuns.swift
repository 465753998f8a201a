public import Base

/// The runs that can be gone on with: by run id within their scope, bounded in number and memory, kept for a while after
/// their end. Outlives every configuration. From any thread.
public final class LiveRuns: Sendable {
    public init(time: any TimeSource) {}

    /// Enters a new run, which begins with ``LiveRun/start(on:_:)``.
    /// - Throws: `overloaded` when as many are running as there may be.
    public func open(_ context: RunContext, settings: RunSettings) throws(CodedError) -> LiveRun {
        LiveRun(runID: context.runID, requestID: context.requestID, scope: context.scope)
    }

    /// The run of this id, running or kept; another scope's run is not there.
    /// - Throws: `run_not_found`.
    public func run(_ id: String, of scope: Scope) throws(CodedError) -> LiveRun {
        throw CodedError(.runNotFound, "There is no run of this id, or it is no longer kept.")
    }
}
