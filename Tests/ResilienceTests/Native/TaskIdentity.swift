// Owns nothing: the reference to the task does not leave the call, only its hash does.

/// Stands for the task that asks, as long as it runs; 0 outside of one.
func currentTaskIdentity() -> Int { unsafe withUnsafeCurrentTask { unsafe $0?.hashValue ?? 0 } }
