import Identity
import Testing

@Suite("Networks of clients")
struct ClientNetworkTests {
    @Test("an IPv4 address stands for itself, an IPv6 address for its first 64 bits")
    func same() {
        #expect(ClientNetwork(v4: [192, 0, 2, 1]) == ClientNetwork(v4: [192, 0, 2, 1]))
        #expect(ClientNetwork(v4: [192, 0, 2, 1]) != ClientNetwork(v4: [192, 0, 2, 2]))
        let one = ClientNetwork(v6: [0x2001, 0xdb8, 1, 2, 3, 4, 5, 6])
        #expect(one == ClientNetwork(v6: [0x2001, 0xdb8, 1, 2, 9, 9, 9, 9]))
        #expect(one != ClientNetwork(v6: [0x2001, 0xdb8, 1, 3, 3, 4, 5, 6]))
    }

    @Test("an IPv4 address within IPv6 is the IPv4 address, not a network of all of them")
    func mapped() {
        #expect(ClientNetwork(v6: [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201]) == ClientNetwork(v4: [192, 0, 2, 1]))
        #expect(
            ClientNetwork(v6: [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201])
                != ClientNetwork(v6: [0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0202]))
        #expect(ClientNetwork(v6: [0, 0, 0, 0, 0, 0, 0, 1]) != ClientNetwork(v4: [0, 0, 0, 0]))
    }

    @Test("what is no address is unknown, and not like any that is")
    func unknown() {
        for wrong in [
            ClientNetwork(v4: []), ClientNetwork(v4: [1, 2, 3]), ClientNetwork(v6: [0]), ClientNetwork(v6: []),
        ] {
            #expect(wrong == .unknown)
        }
        #expect(ClientNetwork(v4: [0, 0, 0, 0]) != .unknown)
        #expect(ClientNetwork(v6: Array(repeating: 0, count: 8)) != .unknown)
    }
}
