// Owns nothing: the task at hand is borrowed for the call.

/// What `cancel()` of the task's handle does, from inside.
func cancelOwnTask() { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
