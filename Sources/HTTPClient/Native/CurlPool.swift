/// Easy handles that wait for another call like their last one. Loop thread only.
struct CurlPool {
    private struct Shelf {
        let options: CurlEasy.Options
        var handles: [CurlEasy]
    }

    /// The places that are called most come first.
    private var shelves: [Shelf] = []
    private var count = 0
    private static let maxHandles = 256
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

    /// Takes a handle back; when there are too many, those of the place that is called least go.
    mutating func keep(_ easy: CurlEasy) {
        if count >= CurlPool.maxHandles || shelves.count > CurlPool.maxShelves, let last = shelves.popLast() {
            count -= last.handles.count
        }
        count += 1
        for index in shelves.indices where shelves[index].options === easy.options {
            return shelves[index].handles.append(easy)
        }
        shelves.append(Shelf(options: easy.options, handles: [easy]))
    }
}
