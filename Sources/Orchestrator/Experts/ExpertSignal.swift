internal import Base
internal import HTTP
internal import Models
internal import Resilience

/// What an expert tells while it works. ``ExpertStage`` decides what of it is heard, and when.
enum ExpertSignal: Sendable {
    case started(String)
    case answering(String, Target, HTTPHeaders, AnswerMarks)
    case said(String, ModelEvent)
    case retrying(Target, RetryDecision.Retry)
    case continuing(Target)
    /// It cannot answer; how it ends follows where the plan has a way.
    case failed(String, ErrorCode)
    case settled(ExpertResult)
}
