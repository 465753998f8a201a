public import Base
public import Models

/// Where an expert of a plan stands.
public enum ExpertPhase: Sendable {
    case started
    case finished(Duration, Target)
    case failed(ErrorCode)
    case leftOut
    case fallback
    case cached
}
