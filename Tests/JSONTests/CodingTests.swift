import Base
import Foundation
import JSON
import Testing

@Suite("Any Codable value as JSON")
struct CodingTests {
    static func text(_ value: some Encodable) throws -> String {
        String(decoding: try JSONCoding.encode(value), as: UTF8.self)
    }

    /// There and back, and the same in Foundation's eyes.
    static func roundTrip<Value: Codable & Equatable>(_ value: Value) throws {
        let bytes = try JSONCoding.encode(value)
        #expect(try JSONCoding.decode(Value.self, from: bytes) == value)
        #expect(try JSONDecoder().decode(Value.self, from: Data(bytes)) == value)
        #expect(try JSONCoding.decode(Value.self, from: Array(JSONEncoder().encode(value))) == value)
        var writer = JSONWriter([0x20])
        try writer.encode(value)
        #expect(writer.bytes == [0x20] + bytes)
    }

    static func fault(_ value: some Encodable) -> JSONCodingError? {
        #expect(throws: JSONCodingError.self) { try JSONCoding.encode(value) }
    }

    static func fault<Value: Decodable>(_ type: Value.Type, _ text: String) -> JSONCodingError? {
        #expect(throws: JSONCodingError.self) { try JSONCoding.decode(type, from: Array(text.utf8)) }
    }

    enum Shape: Codable, Hashable {
        case circle(radius: Double)
        case rectangle(Int, Int)
        case none
    }

    enum Color: String, Codable, CodingKeyRepresentable { case red, green }

    struct Empty: Codable, Hashable {}

    struct Leaf: Codable, Hashable {
        var name = "leaf"
        var note: String?
        var weights: [Float] = [0.1, -3]
    }

    struct Tree: Codable, Hashable {
        var id: UInt64 = .max
        var leaf = Leaf()
        var leaves: [Leaf?] = [Leaf(note: "x"), nil]
        var shapes: [Shape] = [.circle(radius: 0.5), .rectangle(1, 2), .none]
        var counts: [String: [Int]] = ["b": [2, 3], "a": [], "é\n": [1]]
        var byNumber: [Int: Leaf] = [10: Leaf(), 9: Leaf(name: "nine")]
        var set: Set<String> = ["z", "y", "\"x"]
        var color: Color? = .green
        var empty = Empty()
        var bytes: [UInt8] = [0, 255]
        var text: [String: String] = [:]
        var json: JSON = ["a": [1, nil, 2.5, true, "x"]]
    }

    @Test("values of every kind go there and back, and Foundation reads the same")
    func kinds() throws {
        try Self.roundTrip(Tree())
        try Self.roundTrip([Tree(), Tree(id: 0, leaf: Leaf(note: "\u{1}\"\\/é😀\u{2028}"))])
        try Self.roundTrip(Shape.rectangle(1, -1))
        try Self.roundTrip([Shape.none: 1, .circle(radius: 2): 2])
        try Self.roundTrip([Color.red: [1], .green: []])
        try Self.roundTrip([[[Int]]]([[[1], []], []]))
        try Self.roundTrip(["a": nil, "b": 1] as [String: Int?])
        try Self.roundTrip([1, nil, 3] as [Int?])
        try Self.roundTrip(Set([[1, 2], [3], []]))
        try Self.roundTrip([true, false])
        try Self.roundTrip([Int8.min, .max])
        try Self.roundTrip([Int16.min, .max])
        try Self.roundTrip([Int32.min, .max])
        try Self.roundTrip([Int64.min, .max])
        try Self.roundTrip([UInt16.min, .max])
        try Self.roundTrip([UInt32.min, .max])
        try Self.roundTrip([UInt64.min, .max])
        try Self.roundTrip([UInt.min, .max])
        try Self.roundTrip([Double.leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 0.1, 1e21])
        try Self.roundTrip([Float.leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1, 16_777_216])
        try Self.roundTrip("top")
        try Self.roundTrip(-7)
        try Self.roundTrip(Empty())
        try Self.roundTrip(1...3)
        #expect(try Self.text(nil as Int?) == "null")
        #expect(try JSONCoding.decode(Int?.self, from: Array("null".utf8)) == nil)
        let wide = Array("[18446744073709551615]".utf8)
        #expect(try JSONCoding.decode([Int128].self, from: wide) == [Int128(UInt64.max)])
    }

    @Test("the text is what one would write")
    func texts() throws {
        #expect(try Self.text(Leaf()) == #"{"name":"leaf","weights":[0.1,-3.0]}"#)
        #expect(try Self.text(Shape.none) == #"{"none":{}}"#)
        #expect(try Self.text([10: Empty(), 9: Empty()]) == #"{"10":{},"9":{}}"#)
        #expect(try Self.text(["a b": 1, "a": 2, "a\n": 3, "": 4]) == #"{"":4,"a":2,"a\n":3,"a b":1}"#)
        #expect(try Self.text([String: Leaf]()) == "{}")
        #expect(try Self.text([[Int: Int]](repeating: [:], count: 2)) == "[{},{}]")
        #expect(try Self.text([Set<Int>(), [1]]) == "[[],[1]]")
        #expect(try Self.text([[Shape.none: 1]]) == #"[[{"none":{}},1]]"#)
        #expect(try Self.text(Float(0.1)) == "0.1")
    }

    @Test("random values survive", arguments: 0..<200 as Range<UInt64>)
    func random(seed: UInt64) throws {
        var random = RandomJSON(seed: seed &+ 7000)
        func leaf() -> Leaf {
            let floats = (0..<random.count()).map { _ in
                Float(bitPattern: UInt32(truncatingIfNeeded: random.generator.next()))
            }
            return Leaf(
                name: random.string(), note: random.count() > 2 ? random.string() : nil,
                weights: floats.filter(\.isFinite))
        }
        var tree = Tree(id: random.generator.next(), leaf: leaf())
        tree.leaves = (0..<random.count()).map { _ in random.count() > 2 ? leaf() : nil }
        tree.counts = [:]
        for _ in 0..<random.count() * 9 { tree.counts[random.string()] = (0..<random.count()).map { $0 &- 2 } }
        tree.byNumber = [:]
        for _ in 0..<random.count() * 9 { tree.byNumber[Int(truncatingIfNeeded: random.generator.next())] = leaf() }
        tree.set = Set((0..<random.count()).map { _ in random.string() })
        tree.json = random.value()
        let bytes = try JSONCoding.encode(tree)
        let back = try JSONCoding.decode(Tree.self, from: bytes)
        #expect(back == tree)
        #expect(try JSONCoding.encode(back) == bytes)
        // Foundation makes 3.0 a whole number and drops duplicates: it reads the rest.
        tree.json = nil
        #expect(try JSONDecoder().decode(Tree.self, from: Data(JSONCoding.encode(tree))) == tree)
    }

    @Test("a JSON value is encoded as its own bytes", arguments: 0..<50 as Range<UInt64>)
    func json(seed: UInt64) throws {
        var random = RandomJSON(seed: seed)
        let value = random.value()
        #expect(try JSONCoding.encode(value) == value.bytes)
        #expect(try JSONCoding.encode([value]) == JSON.array([value]).bytes)
        #expect(try JSONCoding.decode(JSON.self, from: value.bytes) == value)
        struct Direct: Encodable {
            let value: JSON
            func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
        }
        #expect(try JSONCoding.encode(Direct(value: value)) == value.bytes)
        let simple: JSON = ["a": [1, -2, 0.5, nil, true, "x", .uint(.max)]]
        #expect(try JSONDecoder().decode(JSON.self, from: JSONEncoder().encode(simple)) == simple)
    }
}

@Suite("The same value gives the same JSON")
struct CodingOrderTests {
    /// Half of a dictionary's own members, half of the type's.
    struct Flat: Encodable {
        enum Keys: CodingKey { case kind, end }

        let members: [String: Int]
        let isFirst: Bool

        func encode(to encoder: any Encoder) throws {
            if isFirst { try members.encode(to: encoder) }
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode("flat", forKey: .kind)
            if !isFirst { try members.encode(to: encoder) }
            try container.encode(true, forKey: .end)
        }
    }

    @Test("whatever the order of insertion", arguments: 0..<20 as Range<UInt64>)
    func insertion(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let numbers = Array(0..<50)
        /// A dictionary's order hangs on its capacity too.
        func dictionary<Key: Hashable, Value>(
            _ order: [Int], room: Int, _ member: (Int) -> (Key, Value)
        ) -> [Key: Value] {
            var result = [Key: Value](minimumCapacity: room)
            for number in order {
                let (key, value) = member(number)
                result[key] = value
            }
            return result
        }
        func all(_ order: [Int], room: Int) throws -> [[UInt8]] {
            let named = dictionary(order, room: room) { ("key \($0)", $0) }
            return [
                try JSONCoding.encode(named),
                try JSONCoding.encode(dictionary(order, room: room) { ($0, [named]) }),
                try JSONCoding.encode(dictionary(order, room: room) { ([$0], ["x": Set(order)]) }),
                try JSONCoding.encode([Set(order)]), try JSONCoding.encode(Set(order.map { ["\($0)"] })),
                try JSONCoding.encode(Flat(members: named, isFirst: true)),
                try JSONCoding.encode(Flat(members: named, isFirst: false)),
                try JSONCoding.encode([named, nil]),
            ]
        }
        let sorted = try all(numbers, room: 50)
        #expect(try all(numbers.shuffled(using: &generator), room: 500) == sorted)
        #expect(try all(numbers.reversed(), room: 0) == sorted)
        for bytes in sorted { #expect(throws: Never.self) { try JSONDocument(bytes) } }
    }

    @Test("a dictionary flattened into a type leaves no stray comma")
    func flattened() throws {
        func text(_ members: [String: Int], _ isFirst: Bool) throws -> String {
            try CodingTests.text(Flat(members: members, isFirst: isFirst))
        }
        #expect(try text([:], true) == #"{"kind":"flat","end":true}"#)
        #expect(try text([:], false) == #"{"kind":"flat","end":true}"#)
        #expect(try text(["b": 1, "a": 2], true) == #"{"a":2,"b":1,"kind":"flat","end":true}"#)
        #expect(try text(["b": 1, "a": 2], false) == #"{"kind":"flat","a":2,"b":1,"end":true}"#)
        struct Twice: Encodable {
            func encode(to encoder: any Encoder) throws {
                for _ in 0..<3 { try [String: Int]().encode(to: encoder) }
            }
        }
        #expect(try CodingTests.text([Twice()]) == "[{}]")
    }
}

@Suite("Containers in any order")
struct CodingContainerTests {
    enum Keys: CodingKey { case a, b, c, d }

    /// Every container is written to after its parent went on.
    struct Interleaved: Encodable {
        func encode(to encoder: any Encoder) throws {
            var root = encoder.container(keyedBy: Keys.self)
            var list = root.nestedUnkeyedContainer(forKey: .a)
            var object = root.nestedContainer(keyedBy: Keys.self, forKey: .b)
            try root.encode(1, forKey: .c)
            try list.encode("first")
            var inner = list.nestedContainer(keyedBy: Keys.self)
            var innerList = list.nestedUnkeyedContainer()
            try list.encode(["x": [2]])
            try object.encode([3], forKey: .a)
            try root.encode(Keys.d.stringValue, forKey: .d)
            try inner.encodeNil(forKey: .a)
            try innerList.encode(contentsOf: [4, 5])
            let late = list.superEncoder()
            try list.encodeNil()
            try innerList.encode(true)
            try "late".encode(to: late)
            try inner.encode(["k": Set([2, 1])], forKey: .b)
            _ = list.superEncoder()
            #expect(list.count == 7)
            #expect(inner.codingPath.suffix(2).map(\.stringValue) == ["a", "1"])
        }
    }

    @Test("what is written late stands where it was asked for")
    func interleaved() throws {
        let value =
            #"{"a":["first",{"a":null,"b":{"k":[1,2]}},[4,5,true],{"x":[2]},"late",null,{}],"#
            + #""b":{"a":[3]},"c":1,"d":"d"}"#
        #expect(try CodingTests.text(Interleaved()) == value)
        #expect(try CodingTests.text([Interleaved(), Interleaved()]) == "[\(value),\(value)]")
        #expect(try CodingTests.text(["k": Interleaved()]) == #"{"k":\#(value)}"#)
    }

    class Animal: Codable {
        var name: String
        init(name: String) { self.name = name }
    }

    /// Its super class lies in a member of its own.
    final class Dog: Animal {
        enum Keys: CodingKey { case tricks }
        var tricks: [String]

        init(name: String, tricks: [String]) {
            self.tricks = tricks
            super.init(name: name)
        }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            tricks = try container.decode([String].self, forKey: .tricks)
            try super.init(from: container.superDecoder())
        }

        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            try super.encode(to: container.superEncoder())
            try container.encode(tricks, forKey: .tricks)
        }
    }

    /// Its super class shares its object.
    final class Cat: Animal {
        enum Keys: CodingKey { case lives }
        var lives = 9

        override init(name: String) { super.init(name: name) }

        required init(from decoder: any Decoder) throws {
            lives = try decoder.container(keyedBy: Keys.self).decode(Int.self, forKey: .lives)
            try super.init(from: decoder)
        }

        override func encode(to encoder: any Encoder) throws {
            try super.encode(to: encoder)
            var container = encoder.container(keyedBy: Keys.self)
            try container.encode(lives, forKey: .lives)
        }
    }

    @Test("classes and what they inherit")
    func inheritance() throws {
        let dog = Dog(name: "Rex", tricks: ["sit"])
        #expect(try CodingTests.text(dog) == #"{"super":{"name":"Rex"},"tricks":["sit"]}"#)
        let back = try JSONCoding.decode(Dog.self, from: JSONCoding.encode(dog))
        #expect(back.name == "Rex" && back.tricks == ["sit"])
        let cat = Cat(name: "Tom")
        #expect(try CodingTests.text(cat) == #"{"name":"Tom","lives":9}"#)
        #expect(try JSONCoding.decode(Cat.self, from: JSONCoding.encode(cat)).name == "Tom")
        let byFoundation = try JSONDecoder().decode(Dog.self, from: Data(JSONCoding.encode(dog)))
        #expect(byFoundation.name == "Rex")
    }

    /// Reads with every container by hand.
    struct Manual: Decodable, Equatable {
        var values: [String] = []

        init(from decoder: any Decoder) throws {
            let root = try decoder.container(keyedBy: Keys.self)
            var list = try root.nestedUnkeyedContainer(forKey: .a)
            #expect(list.count == 5)
            while !list.isAtEnd {
                if try list.decodeNil() {
                    values.append("null")
                } else if let number = try? list.decode(Int.self) {
                    values.append("\(number)")
                } else if let text = try? list.decode(String.self) {
                    values.append(text)
                } else if let inner = try? list.nestedContainer(keyedBy: Keys.self) {
                    #expect(inner.codingPath.map(\.stringValue) == ["a", "\(list.currentIndex - 1)"])
                    values.append(contentsOf: inner.allKeys.map(\.stringValue))
                } else {
                    var inner = try list.nestedUnkeyedContainer()
                    values.append("\(try inner.decode(Bool.self))")
                }
            }
            #expect(throws: JSONCodingError(path: "a[5]", reason: .missing)) { try list.decode(Int.self) }
            #expect(try root.decodeNil(forKey: .b))
            #expect(!root.contains(.c))
            #expect(try root.decodeIfPresent(Int.self, forKey: .c) == nil)
        }
    }

    @Test("an element that could not be read can be read as another type")
    func manual() throws {
        let text = #"{"a":[1,"x",null,{"b":1,"z":2},[true]],"b":null}"#
        #expect(try JSONCoding.decode(Manual.self, from: Array(text.utf8)).values == ["1", "x", "null", "b", "true"])
    }

    @Test("large objects are read as small ones are", arguments: [3, 32, 33, 2000])
    func sizes(count: Int) throws {
        let members = Dictionary(uniqueKeysWithValues: (0..<count).map { ("key\($0)é", $0) })
        #expect(try JSONCoding.decode([String: Int].self, from: JSONCoding.encode(members)) == members)
        let padding = (0..<count).map { #""p\#($0)":0,"# }.joined()
        let text = #"{\#(padding)"name":"first","weights":[],"name":"second"}"#
        #expect(try JSONCoding.decode(CodingTests.Leaf.self, from: Array(text.utf8)).name == "first")
    }
}

@Suite("What cannot be encoded or decoded says why and where")
struct CodingFaultTests {
    typealias Tree = CodingTests.Tree
    typealias Leaf = CodingTests.Leaf

    @Test("what JSON cannot hold is not written")
    func unwritable() {
        func expect(
            _ value: some Encodable, _ reason: JSONCodingError.Reason, _ path: String,
            at location: SourceLocation = #_sourceLocation
        ) {
            let fault = CodingTests.fault(value)
            #expect(fault == JSONCodingError(path: path, reason: reason), sourceLocation: location)
        }
        expect(Double.nan, .nonFinite, "")
        expect([1, Double.infinity], .nonFinite, "[1]")
        expect(Leaf(weights: [0, 1, -.infinity]), .nonFinite, "weights[2]")
        expect(["a": [Optional(Leaf(name: "\u{0}"))]], .nul, "a[0].name")
        expect(Tree(leaves: [nil, Leaf(note: "x\u{0}y")]), .nul, "leaves[1].note")
        expect(["a": ["x\u{0}": 1]], .nul, "a")
        expect(["a b": Double.nan], .nonFinite, "")
        expect(["json": JSON.object([.init("a", [.double(.nan)])])], .nonFinite, "json.a[0]")
        expect([JSON.object([.init("a\u{0}", nil)])], .nul, "[0]")
        expect([Int128(Int64.min) - 1], .outOfRange, "[0]")
        expect([UInt128(UInt64.max) + 1], .outOfRange, "[0]")
        var writer = JSONWriter()
        #expect(throws: JSONCodingError.self) { try writer.encode([Double.nan]) }
        #expect(writer.bytes.isEmpty)
    }

    @Test(
        "what does not fit its type is told with its place",
        arguments: [
            (#"{"leaf":{}}"#, "id", .missing), (#"{"id":1,"leaf":{"weights":[]}}"#, "leaf.name", .missing),
            (#"{"id":1,"leaf":{"name":7}}"#, "leaf.name", .wrongType),
            (#"{"id":1,"leaf":{"name":null}}"#, "leaf.name", .wrongType),
            (#"{"id":1,"leaf":{"name":"n","weights":[1,"x"]}}"#, "leaf.weights[1]", .wrongType),
            (#"{"id":1,"leaf":{"name":"n","weights":[1e300]}}"#, "leaf.weights[0]", .outOfRange),
            (#"{"id":1,"leaf":{"name":"n","note":[],"weights":[]}}"#, "leaf.note", .wrongType),
            (#"{"id":-1}"#, "id", .outOfRange), (#"{"id":1.5}"#, "id", .wrongType),
            (#"{"id":1e300}"#, "id", .outOfRange),
            (#"{"id":1,"leaf":[]}"#, "leaf", .wrongType), ("[]", "", .wrongType),
            (#"{"id":1,"leaf":{"name":"n","weights":[]},"leaves":[null,{"name":"n"}]}"#, "leaves[1].weights", .missing),
            (#"{"id":1,"leaf":{"name":"n","weights":[]},"leaves":[],"shapes":[{}]}"#, "shapes[0]", .refused),
        ] as [(String, String, JSONCodingError.Reason)]
    )
    func unreadable(text: String, path: String, reason: JSONCodingError.Reason) {
        #expect(CodingTests.fault(Tree.self, text) == JSONCodingError(path: path, reason: reason))
    }

    @Test("malformed text, refused raw values, and numbers of every width")
    func more() throws {
        let malformed = CodingTests.fault(Leaf.self, #"{"name":"\ud800"}"#)
        #expect(malformed?.path == "name")
        guard case .malformed(let error) = malformed?.reason else {
            Issue.record("not malformed: \(String(describing: malformed))")
            return
        }
        #expect(error.kind == .loneSurrogate)
        #expect(
            CodingTests.fault([CodingTests.Color].self, #"["red","blue"]"#)
                == JSONCodingError(path: "[1]", reason: .refused))
        #expect(CodingTests.fault([UInt8].self, "[1,256]") == JSONCodingError(path: "[1]", reason: .outOfRange))
        #expect(CodingTests.fault([Int8?].self, "[null,-129]") == JSONCodingError(path: "[1]", reason: .outOfRange))
        #expect(CodingTests.fault(Int.self, "9223372036854775808")?.reason == .outOfRange)
        #expect(CodingTests.fault(Bool.self, "1")?.reason == .wrongType)
        #expect(CodingTests.fault([String: Int].self, #"{"a":true}"#)?.path == "a")
        #expect(try JSONCoding.decode([Int].self, from: Array("[3.0,-0.0,1e3]".utf8)) == [3, 0, 1000])
        #expect(try JSONCoding.decode([Double].self, from: Array("[3,18446744073709551615]".utf8)) == [3, 0x1p64])
        let node = try JSONDocument(#"{"a":{"name":"n","weights":[1]}}"#).root
        #expect(try JSONCoding.decode(Leaf.self, from: #require(node["a"])) == Leaf(name: "n", weights: [1]))
    }

    /// A list that nests as deep as it is long.
    final class Chain: Codable {
        var next: Chain?

        init(length: Int) { if length > 1 { next = Chain(length: length - 1) } }
        var length: Int { 1 + (next?.length ?? 0) }
    }

    /// A wrapper that is no level of the text.
    indirect enum Wrapped: Codable {
        case number(Int)
        case wrapped(Wrapped)

        init(depth: Int) { self = (0..<depth).reduce(.number(1)) { value, _ in .wrapped(value) } }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .wrapped(let value): try container.encode(value)
            }
        }

        init(from decoder: any Decoder) throws {
            self = .wrapped(try decoder.singleValueContainer().decode(Wrapped.self))
        }
    }

    @Test("depth is bounded exactly, in both directions")
    func depth() throws {
        let deepest = try JSONCoding.encode(Chain(length: 64))
        #expect(try JSONCoding.decode(Chain.self, from: deepest).length == 64)
        #expect(CodingTests.fault(Chain(length: 65))?.reason == .tooDeep)
        #expect(CodingTests.fault([Chain(length: 64)])?.reason == .tooDeep)
        #expect(CodingTests.fault(["a": Chain(length: 64)])?.reason == .tooDeep)
        let array = (0..<62).reduce(JSON.array([])) { value, _ in [value] }
        #expect(throws: Never.self) { try JSONDocument(JSONCoding.encode([array])) }
        #expect(CodingTests.fault([[array]])?.reason == .tooDeep)
        #expect(CodingTests.fault([Set([[array]])])?.path == "[0][0][0][0][0][0][0][0]")
        #expect(try CodingTests.text(Wrapped(depth: 200)) == "1")
        #expect(CodingTests.fault(Wrapped(depth: 10000))?.reason == .tooDeep)
        #expect(CodingTests.fault(Wrapped.self, "1")?.reason == .tooDeep)
    }

    struct Refusing: Codable {
        struct Reason: Error {}
        init() {}
        init(from decoder: any Decoder) throws { throw Reason() }
        func encode(to encoder: any Encoder) throws { throw Reason() }
    }

    /// Uses its encoder as no type should.
    struct Misused: Encodable {
        enum Keys: CodingKey { case a, b }
        let misuse: (any Encoder) throws -> Void
        func encode(to encoder: any Encoder) throws { try misuse(encoder) }
    }

    @Test("types that throw, and types that use their encoder wrongly, are refused and never trap")
    func refusals() {
        #expect(CodingTests.fault(["a": [Refusing()]]) == JSONCodingError(path: "a[0]", reason: .refused))
        #expect(CodingTests.fault([String: Refusing].self, #"{"a":1}"#) == JSONCodingError(path: "a", reason: .refused))
        let misuses: [(any Encoder) throws -> Void] = [
            { encoder in
                _ = encoder.container(keyedBy: Misused.Keys.self)
                _ = encoder.unkeyedContainer()
            },
            { encoder in
                var container = encoder.singleValueContainer()
                try container.encode(1)
                try? container.encode(2)
            },
            { encoder in
                _ = encoder.unkeyedContainer()
                var container = encoder.singleValueContainer()
                try container.encodeNil()
            },
            { encoder in
                // A child that writes into what its parent is in the middle of.
                var container = encoder.container(keyedBy: Misused.Keys.self)
                try container.encode(
                    Misused { _ in
                        var same = encoder.container(keyedBy: Misused.Keys.self)
                        try same.encode(1, forKey: .b)
                    }, forKey: .a)
            },
            { encoder in
                // A fault that is swallowed half-way.
                var container = encoder.unkeyedContainer()
                try? container.encode([Refusing()])
            },
            { encoder in
                // Too deep in a container that cannot say so.
                var container = encoder.unkeyedContainer()
                for _ in 0..<70 { container = container.nestedUnkeyedContainer() }
            },
        ]
        for (index, misuse) in misuses.enumerated() {
            let fault = CodingTests.fault([Misused(misuse: misuse)])
            #expect(fault?.reason == (index == 5 ? .tooDeep : .refused), "\(index)")
        }
    }

    @Test("an error's sentence holds nothing of the value")
    func messages() {
        let reasons: [JSONCodingError.Reason] = [
            .missing, .wrongType, .outOfRange, .nonFinite, .tooDeep, .nul, .malformed(JSONError(.empty)), .refused,
        ]
        for reason in reasons {
            let error = JSONCodingError(path: "secret", reason: reason)
            #expect(error.message.hasSuffix(".") && !error.message.contains("secret"))
            #expect(error.description == "secret: \(error.message)")
        }
    }

    @Test("random bytes never trap", arguments: 0..<20 as Range<UInt64>)
    func fuzz(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let sound = try JSONCoding.encode(Tree())
        var refused = 0
        for _ in 0..<300 {
            var bytes = sound
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] =
                    Array(#"0123{}[],:"tfnaeu\"#.utf8).randomElement(using: &generator) ?? 0
            }
            if (try? JSONCoding.decode(Tree.self, from: bytes)) == nil { refused += 1 }
        }
        #expect(refused > 0)
    }
}
