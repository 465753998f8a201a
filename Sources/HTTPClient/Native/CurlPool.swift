/// Easy handles that wait for another call like their last one. Loop thread only.
struct CurlPool {
    private struct Shelf {
        let options: CurlEasy.Options
        var handles: [CurlEasy]
    }

    /// The places that are called most come first.
    private var shelves: [Shelf] = []
    private var count = 0
    private static let maxHandles = 64
    private static let maxShelves = 64

    /// A handle for this call, a kept one if there is one; `nil` when libcurl refuses it.
    mutating func handle(for request: OutgoingRequest, certificateAuthority: String?) -> CurlEasy? {
        for index in shelves.indices
        where shelves[index].options.fit(request, certificateAuthority: certificateAuthority) {
            guard let easy = shelves[index].handles.popLast() else {
                return CurlEasy(options: shelves[index].options)
            }
            count -= 1
            if index > 0 { shelves.swapAt(index, index - 1) }
            return easy
        }
        return CurlEasy(options: CurlEasy.Options(request, certificateAuthority: certificateAuthority))
    }

    /// Takes a handle back; when there are too many, those of the place that is called least go, or this one.
    mutating func keep(_ easy: CurlEasy) {
        if count >= CurlPool.maxHandles || shelves.count > CurlPool.maxShelves {
            if shelves.last?.options.are(easy.options) ?? false { return }
            count -= shelves.popLast()?.handles.count ?? 0
        }
        count += 1
        for index in shelves.indices where shelves[index].options.are(easy.options) {
            return shelves[index].handles.append(easy)
        }
        shelves.append(Shelf(options: easy.options, handles: [easy]))
    }
}
