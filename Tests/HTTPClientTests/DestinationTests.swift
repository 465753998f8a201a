import Base
import HTTP
import TestKit
import Testing
import Transport

@testable import HTTPClient

/// Where a call has led, which is known when there is a connection.
@Suite struct DestinationTests {
    @Test(arguments: [
        ("169.254.169.254", false), ("fe80::1", false), ("fd00:ec2::254", false), ("127.0.0.1", true), ("::1", true),
        ("10.0.0.7", true), ("2001:db8::1", true),
        // What libcurl cannot tell.
        ("", true),
    ])
    func `nothing is sent to where clouds have their secrets, however its name looked`(
        _ address: String, _ isSent: Bool
    ) throws {
        let group = EventLoopGroup(count: 1)
        defer { group.stop() }
        let request = OutgoingRequest.to("http://models.example/v1")
        let easy = try #require(CurlEasy(options: CurlEasy.Options(request, certificateAuthority: nil)))
        let transfer = CurlTransfer(easy: easy, request: request, loop: group.loops[0])
        #expect(transfer.mayBeSent(to: address) == isSent)
        guard case .failure(let error) = transfer.take() else {
            #expect(isSent)
            return
        }
        #expect(!isSent && error.kind == .badAddress && error.message.hasPrefix(address))
    }
}
