import Testing

@testable import Server

@Suite("Addresses that no provider has")
struct DestinationTests {
    @Test(
        "what a resolver would read as another address, and where clouds have their secrets, is refused",
        arguments: [
            "127.1", "0", "0.0.0.0", "0x7f000001", "127.0.0.0x1", "017700000001", "2130706433", "127.0.0.01",
            "169.254.169.254", "169.254.0.1", "224.0.0.1", "255.255.255.255", "[::]", "[::ffff:7f00:1]",
            "[::ffff:a9fe:a9fe]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[::1:1]", "[::7f00:1]", "[64:ff9b::7f00:1]",
            "[fe80::1]", "[febf::1]", "[ff02::1]", "[fd00:ec2::254]",
            "localhost.", "metadata.google.internal", "METADATA.google.internal",
        ])
    func refused(_ host: String) throws {
        let url = try #require(BaseURL("http://\(host)/v1"))
        #expect(url.hostProblem != nil)
    }

    @Test(
        "names, public addresses, and those of this machine and its network are taken",
        arguments: [
            "api.openai.com", "localhost", "gpu-7", "10.gpu.example", "127.0.0.1", "10.0.0.7", "192.168.1.2",
            "169.253.1.1", "[::1]", "[::2]", "[2001:db8::1]", "[fd00::7]", "[fec0::1]", "0xgpu.example",
        ])
    func taken(_ host: String) throws {
        let url = try #require(BaseURL("http://\(host):8000"))
        #expect(url.hostProblem == nil)
    }
}
