import Base
import Foundation
import Testing

@Suite("What the fuzzers have found worth keeping")
struct ReplayTests {
    @Test("holds for every reader", arguments: FuzzTarget.all.map(\.name))
    func replay(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let inputs = try PackedInputs.of(target)
        #expect(inputs.count > 50)
        for input in inputs {
            if let finding = target.check(Array(input.prefix(target.maxInput))) {
                Issue.record("\(name): \(finding): \(PackedInputs.packed(input))")
            }
        }
    }

    /// So that what a fuzzer found stays found on the way from the file to the reader.
    @Test("is the same bytes packed and unpacked")
    func packing() {
        let bytes = (0...255).map { UInt8($0) } + Array("\\x41\\n\r\n".utf8)
        #expect(PackedInputs.unpacked(Data(PackedInputs.packed(bytes).utf8)) == bytes)
    }

    /// Texts that would fill memory, or a stack, or take long, if they were read as YAML may be.
    @Test(
        "bombs of aliases, of depth and of keys are refused at once",
        arguments: [
            "a: &a [x]\n" + (0..<26).map { "b\($0): &b\($0) [*a, *a, *a, *a]\n" }.joined(),
            String(repeating: "[", count: 5000), String(repeating: "{a: ", count: 5000),
            String(repeating: "- ", count: 5000),
            String(repeating: "? ", count: 5000), String(repeating: "!t ", count: 5000),
            String(repeating: "&a ", count: 5000),
            "<<: {a: 1}\n", "server: !!binary aGk=\n", (0..<20_000).map { "k\($0): v\n" }.joined(),
            "a: \"" + String(repeating: "x", count: 300_000) + "\"\n", "%TAG ! x:\n---\na: 1\n", "--- a\n--- b\n",
        ]
    )
    func bombs(text: String) {
        #expect(FuzzTarget.configuration.check(Array(text.utf8)) == nil)
        #expect(FuzzTarget.yaml.check(Array(text.utf8)) == nil)
        let clock = ContinuousClock()
        // Ten times what it may take, for the machine may be busy.
        #expect(clock.measure { _ = FuzzTarget.yaml.check(Array(text.utf8)) } < .milliseconds(500))
    }
}
