// Ownership: the bytes are libFuzzer's for the length of one call, and are copied. Built by scripts/fuzz/build.sh,
// never into the tests.
internal import Glibc

/// The target that TUTTI_FUZZ_TARGET names.
private let target: FuzzTarget = {
    let name = unsafe getenv("TUTTI_FUZZ_TARGET").map { unsafe String(cString: $0) } ?? ""
    guard let target = FuzzTarget.named(name) else {
        fatalError("TUTTI_FUZZ_TARGET is none of \(FuzzTarget.all.map(\.name))")
    }
    return target
}()

/// What libFuzzer calls for each input. A finding ends the process, so that libFuzzer keeps the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = unsafe Array(UnsafeBufferPointer(start: data, count: min(count, target.maxInput)))
    if let finding = target.check(input) { fatalError("\(target.name): \(finding)") }
    return 0
}
