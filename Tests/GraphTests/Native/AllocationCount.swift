// Owns nothing: the C function reads a counter.
import CInstruments

/// How many blocks the process has allocated since its start; `nil` where nobody counts.
func allocationCount() -> Int? {
    let count = tutti_allocation_count()
    return count < 0 ? nil : count
}
