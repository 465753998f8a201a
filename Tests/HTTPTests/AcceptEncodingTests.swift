import Base
import Testing

@testable import HTTP

@Suite("Accept-Encoding")
struct AcceptEncodingTests {
    static let rows: [(fields: [String], takesGzip: Bool)] = [
        ([], false), ([""], false), (["gzip"], true), (["GZIP"], true), (["x-gzip"], true),
        (["gzip, deflate, br"], true),
        (["deflate"], false), (["identity"], false), (["gzip;q=0"], false), (["gzip;q=0.000"], false),
        (["gzip;q=0.001"], true), (["gzip ; q=0.5"], true), (["gzip;Q=1.000"], true), (["gzip;q=1.001"], false),
        (["gzip;q=2"], false), (["gzip;q=-1"], false), (["gzip;q="], false), (["gzip;q"], false),
        (["gzip;q=0.1234"], false), (["gzip;q=.5"], false), (["gzip;q=0,5"], false), (["gzip;q=1e9"], false),
        (["gzip;level=9"], false), (["*"], true), (["*;q=0"], false), (["*;q=0, gzip"], true), (["*, gzip;q=0"], false),
        (["identity;q=1, gzip;q=0.5"], false), (["identity;q=0.5, gzip;q=1"], true), (["identity;q=0, *"], true),
        (["deflate", "gzip"], true), (["gzip;q=0", "gzip"], true), (["xgzip"], false), (["gzipx"], false),
        ([",,gzip,,"], true), ([";gzip"], false), (["gzip\t;\tq=1"], true), (["identity"] + ["gzip"], true),
        ([String(repeating: "a,", count: 31) + "gzip"], true), ([String(repeating: "a,", count: 32) + "gzip"], false),
    ]

    @Test("says by its weights whether gzip may be sent", arguments: rows)
    func weights(_ row: (fields: [String], takesGzip: Bool)) {
        #expect(HTTPHeaders(row.fields.map { ("Accept-Encoding", $0) }).acceptsGzip == row.takesGzip)
    }

    @Test("of any bytes never traps, and says yes only where gzip or a star is named")
    func anyBytes() {
        var random = SeededGenerator(seed: 4)
        let words = ["gzip", "*", "identity", ";", ",", "q=", "0", "1", ".", " ", "\t", "q=0.5", "\u{e9}", "=", "x"]
        var accepted = 0
        for _ in 0..<20_000 {
            let value = (0..<Int.random(in: 0...9, using: &random))
                .map { _ in words[Int.random(in: 0..<words.count, using: &random)] }.joined()
            guard HTTPHeaders([("accept-encoding", value)]).acceptsGzip else { continue }
            accepted += 1
            #expect(value.contains("gzip") || value.contains("*"), "\(value)")
        }
        #expect(accepted > 300)
    }
}
