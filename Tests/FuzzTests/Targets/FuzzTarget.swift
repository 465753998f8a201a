import Base

/// A reader of bytes from outside, and what must hold whatever they are. To add one: a file with its extension, and its
/// name in `all`.
struct FuzzTarget: Sendable {
    static let all: [FuzzTarget] = [.requestParser, .json, .eventStream, .webSocket, .yaml, .configuration]

    /// Also that of its file of inputs in `Corpus`.
    let name: String
    /// Longer inputs are cut to so many bytes.
    let maxInput: Int
    /// Says what does not hold; `nil` where all does.
    let check: @Sendable (_ input: [UInt8]) -> String?

    static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// The sizes of the pieces into which an input is cut: the same for the same bytes, and different for most others.
struct PieceSizes {
    private var generator: SeededGenerator
    private let largest: Int

    init(of input: [UInt8], upTo largest: Int) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in input { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        generator = SeededGenerator(seed: hash)
        self.largest = largest
    }

    mutating func next() -> Int { Int.random(in: 1...largest, using: &generator) }
}
