// Ownership: nothing is kept. libcurl calls these on the loop's thread from within curl_multi_socket_action,
// curl_multi_remove_handle or curl_easy_pause; `context` is an unretained CurlTransfer or CurlLoop that outlives the
// call. Each borrows or copies its bytes, tells one object and returns libcurl's code; none resumes into libcurl.
internal import CCurl

enum CurlCallbacks {
    static let header: tutti_curl_bytes = { bytes, size, count, context in
        let transfer = unsafe Unmanaged<CurlTransfer>.fromOpaque(context!).takeUnretainedValue()
        let raw = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
        let line = unsafe UnsafeBufferPointer(
            start: raw.baseAddress?.assumingMemoryBound(to: UInt8.self), count: raw.count)
        return unsafe transfer.headerLine(line.span) ? size * count : 0
    }

    static let body: tutti_curl_bytes = { bytes, size, count, context in
        let transfer = unsafe Unmanaged<CurlTransfer>.fromOpaque(context!).takeUnretainedValue()
        switch transfer.offer(size * count) {
        case .take:
            unsafe transfer.received(UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        case .pause: return Int(CURL_WRITEFUNC_PAUSE)
        case .refuse: return 0
        }
    }

    /// Before a request is sent, on whichever connection.
    static let prerequest: tutti_curl_prereq = { context, remote, _, _, _ in
        let transfer = unsafe Unmanaged<CurlTransfer>.fromOpaque(context!).takeUnretainedValue()
        let address = unsafe remote.map { unsafe String(cString: $0) } ?? ""
        return transfer.mayBeSent(to: address) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }

    static let socket: tutti_curl_socket = { _, socket, what, context, _ in
        unsafe Unmanaged<CurlLoop>.fromOpaque(context!).takeUnretainedValue().watch(socket, what)
        return 0
    }

    static let timer: tutti_curl_timer = { _, milliseconds, context in
        unsafe Unmanaged<CurlLoop>.fromOpaque(context!).takeUnretainedValue().setTimer(milliseconds)
        return 0
    }
}
