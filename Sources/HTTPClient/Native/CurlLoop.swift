// Ownership: the multi handle belongs to this object; `close` removes every easy handle, then cleans the multi up.
// libcurl's context is this object, unretained: the client keeps it until `close` has run. `transfers` retains each
// transfer from add to remove. Loop thread only, which makes the unchecked Sendable true.
internal import Base
internal import CCurl
internal import Transport

/// libcurl's multi interface on one event loop: sockets by DescriptorWatcher, time by the loop's timers.
@safe
final class CurlLoop: @unchecked Sendable {
    let loop: EventLoop
    private let multi: UnsafeMutableRawPointer
    private var transfers: [UInt: CurlTransfer] = [:]
    private var watchers: [Int32: DescriptorWatcher] = [:]
    private var timer: EventLoop.TimerID?
    private var pool = CurlPool()
    private var open = true
    private let spareConnections: Int
    /// How many connections libcurl keeps now, those at work included.
    private var kept = 0

    init?(loop: EventLoop, spareConnections: Int) {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let multi = unsafe curl_multi_init() else {
            return nil
        }
        self.loop = loop
        unsafe self.multi = multi
        self.spareConnections = spareConnections
        unsafe tutti_curl_multi_callbacks(
            multi,
            CurlCallbacks.socket,
            CurlCallbacks.timer,
            Unmanaged.passUnretained(self).toOpaque()
        )
        keepConnections()
    }

    /// Lets so many connections wait for another call beside those at work: what a burst has opened is closed as its
    /// calls end, the oldest first. Told to libcurl in steps of a quarter, so seldom.
    private func keepConnections() {
        let wish = transfers.count + spareConnections
        guard kept == 0 || abs(wish - kept) > spareConnections / 4 else { return }
        kept = max(1, wish)
        unsafe tutti_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, kept)
    }

    /// Starts a call; `nil` when libcurl refuses its URL, a header or another handle.
    func start(_ request: OutgoingRequest, certificateAuthority: String?) -> CurlTransfer? {
        loop.checkIsolated()
        guard open, let easy = pool.handle(for: request, certificateAuthority: certificateAuthority) else { return nil }
        let transfer = CurlTransfer(easy: easy, request: request, loop: loop)
        guard easy.prepare(request, transfer: transfer) else { return nil }
        unsafe transfers[UInt(bitPattern: easy.handle)] = transfer
        guard unsafe curl_multi_add_handle(multi, easy.handle) == CURLM_OK else {
            unsafe transfers[UInt(bitPattern: easy.handle)] = nil
            return nil
        }
        keepConnections()
        return transfer
    }

    /// Takes a call out of libcurl; one that has not ended loses its connection. Safe to call again.
    func remove(_ transfer: CurlTransfer) {
        loop.checkIsolated()
        let key = unsafe UInt(bitPattern: transfer.easy.handle)
        guard transfers[key] === transfer else { return }
        unsafe curl_multi_remove_handle(multi, transfer.easy.handle)
        transfers[key] = nil
        keepConnections()
        transfer.easy.forgetBody()
        pool.keep(transfer.easy)
    }

    /// Lets a paused call go on; may hand over bytes before it returns.
    func resume(_ transfer: CurlTransfer) {
        loop.checkIsolated()
        guard unsafe transfers[UInt(bitPattern: transfer.easy.handle)] === transfer else { return }
        _ = unsafe curl_easy_pause(transfer.easy.handle, CURLPAUSE_CONT)
    }

    func close() {
        loop.checkIsolated()
        guard open else { return }
        open = false
        for transfer in Array(transfers.values) {
            transfer.fail(HTTPClientError(.shutdown, "the client is shutting down"))
            remove(transfer)
        }
        pool = CurlPool()
        if let timer { loop.cancel(timer) }
        // The paused ones are left to the loop: their descriptors may be others' by now.
        for watcher in watchers.values where watcher.isWatching { watcher.close() }
        watchers = [:]
        unsafe curl_multi_cleanup(multi)
    }

    // MARK: libcurl's wishes

    func watch(_ socket: Int32, _ what: Int32) {
        guard what != CURL_POLL_REMOVE else {
            // Kept for the next call on the same descriptor: a paused watcher is out of the loop's poll set.
            watchers[socket]?.watch([])
            return
        }
        guard open else { return }
        var events: DescriptorWatcher.Events = []
        if what & CURL_POLL_IN != 0 { events.insert(.readable) }
        if what & CURL_POLL_OUT != 0 { events.insert(.writable) }
        let watcher =
            watchers[socket]
            ?? DescriptorWatcher(loop: loop, descriptor: socket) { [unowned self] events, failed in
                self.ready(socket, events, failed)
            }
        watchers[socket] = watcher
        watcher?.watch(events)
    }

    func setTimer(_ milliseconds: Int) {
        if let timer { loop.cancel(timer) }
        timer = nil
        guard milliseconds >= 0 else { return }
        if milliseconds == 0 {
            // libcurl must not be called from within its own callback.
            loop.execute { self.act(CURL_SOCKET_TIMEOUT, 0) }
        } else {
            timer = loop.schedule(at: loop.now().advanced(by: .milliseconds(milliseconds))) {
                self.timer = nil
                self.act(CURL_SOCKET_TIMEOUT, 0)
            }
        }
    }

    private func ready(_ socket: Int32, _ events: DescriptorWatcher.Events, _ failed: Bool) {
        var mask: Int32 = 0
        if failed { mask |= CURL_CSELECT_ERR }
        if events.contains(.readable) { mask |= CURL_CSELECT_IN }
        if events.contains(.writable) { mask |= CURL_CSELECT_OUT }
        act(socket, mask)
    }

    private func act(_ socket: Int32, _ mask: Int32) {
        guard open else { return }
        var running: Int32 = 0
        _ = unsafe curl_multi_socket_action(multi, socket, mask, &running)
        collectEnded()
    }

    private func collectEnded() {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle,
                let transfer = transfers[UInt(bitPattern: easy)]
            else { continue }
            let code = unsafe message.pointee.data.result
            if code == CURLE_SEND_ERROR, transfer.retry() {
                retry(transfer)
                continue
            }
            let inTotal = transfer.easy.hasConnected || transfer.timeouts.total < transfer.timeouts.connect
            let error =
                code == CURLE_RECV_ERROR && transfer.easy.wasRefusedByProxy
                ? HTTPClientError(.unreachable, "the proxy refused the connection")
                : CurlLoop.error(code, timeout: inTotal ? .total : .connect)
            remove(transfer)
            transfer.finish(error)
        }
    }

    /// Sends a call again that met a kept connection which the server had just closed, before any of it went out.
    private func retry(_ transfer: CurlTransfer) {
        unsafe curl_multi_remove_handle(multi, transfer.easy.handle)
        guard unsafe curl_multi_add_handle(multi, transfer.easy.handle) == CURLM_OK else {
            remove(transfer)
            return transfer.finish(HTTPClientError(.broken, "the connection was closed"))
        }
    }

    private static func text(_ code: CURLcode) -> String {
        guard let words = unsafe curl_easy_strerror(code) else { return "error \(code.rawValue)" }
        return unsafe String(cString: words)
    }

    /// libcurl's result as ours; its text names no URL, header or body.
    private static func error(_ code: CURLcode, timeout: HTTPClientError.Phase) -> HTTPClientError? {
        let text = CurlLoop.text(code)
        switch code {
        case CURLE_OK: return nil
        // "Unsupported protocol" is not the URL, which is http(s): it is an answer that is not HTTP.
        case CURLE_URL_MALFORMAT: return HTTPClientError(.badURL, text)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY:
            return HTTPClientError(.unreachable, text)
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_ISSUER_ERROR:
            return HTTPClientError(.tls, text)
        case CURLE_OPERATION_TIMEDOUT: return HTTPClientError(.timeout(timeout), text)
        // Ours, instead of sending a request again; what was said already stays.
        case CURLE_ABORTED_BY_CALLBACK: return HTTPClientError(.broken, "the connection was closed without an answer")
        default: return HTTPClientError(.broken, text)
        }
    }
}
