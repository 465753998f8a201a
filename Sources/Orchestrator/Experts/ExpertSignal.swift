internal import Base
internal import HTTP
internal import Models

/// What an expert tells while it works. ``ExpertStage`` decides what of it is heard, and when.
///
/// Each is copied some times on its way: what is large stands apart.
enum ExpertSignal: Sendable {
    case started(String)
    indirect case answering(String, Target, HTTPHeaders, AnswerMarks)
    /// All that was there without waiting, in order; never empty.
    case said(String, [ModelEvent])
    indirect case stepped(Gateway.Step)
    indirect case continuing(Target)
    /// It cannot answer; how it ends follows where the plan has a way.
    case failed(String, ErrorCode)
    indirect case settled(ExpertResult)
}
