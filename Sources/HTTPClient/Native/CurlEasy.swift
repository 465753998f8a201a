// Ownership: an easy handle, its URL and its header list belong to this object and are freed in `deinit`; the multi handle
// must have let go of it before (CurlLoop removes it on every path). The request body is kept alive here for as
// long as libcurl may read it (POSTFIELDS is not copied). `context` of the callbacks is the transfer, unretained:
// CurlLoop's table retains it until the handle is removed. Loop thread only.
internal import Base
internal import CCurl
internal import HTTP
internal import Transport

/// A libcurl easy handle with its options set once; only URL, headers and body change from call to call.
@safe
final class CurlEasy {
    /// Calls with equal options may share a handle one after the other.
    final class Options {
        let method: String
        let url: String
        /// A handle that had a body sends one again: calls without one get another handle.
        let hasBody: Bool
        let proxy: String?
        let certificateAuthority: String?

        init(_ request: OutgoingRequest, certificateAuthority: String?) {
            method = request.method
            url = request.url
            hasBody = request.method == "POST" || !request.body.isEmpty
            proxy = request.proxy
            self.certificateAuthority = certificateAuthority
        }

        /// The same question without making options: of calls to one place, all strings are the same storage.
        func fit(_ request: OutgoingRequest, certificateAuthority: String?) -> Bool {
            url == request.url && method == request.method && proxy == request.proxy
                && self.certificateAuthority == certificateAuthority
                && hasBody == (request.method == "POST" || !request.body.isEmpty)
        }

        /// Whether they are the same, made once or, by calls that began together, several times.
        func are(_ other: Options) -> Bool {
            self === other
                || url == other.url && method == other.method && proxy == other.proxy
                    && certificateAuthority == other.certificateAuthority && hasBody == other.hasBody
        }

        var areUsable: Bool { HTTPHeaders.isValidName(method) && Options.isHTTP(url) }

        private static func isHTTP(_ url: String) -> Bool {
            let lower = url.prefix(8).lowercased()
            guard lower.hasPrefix("http://") || lower.hasPrefix("https://") else { return false }
            // A NUL would end the URL early within C; the others have no place in one.
            return url.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f }
        }
    }

    /// The codings of an answer that libcurl unpacks.
    private static let codings = "gzip, deflate"
    /// What libcurl reads at once, in bytes: each call has such a buffer, and one that is paused up to two more.
    private static let bufferSize = 8 * 1024

    let options: Options
    let handle: UnsafeMutableRawPointer
    /// Taken apart once: of a text libcurl would do it for each call.
    private var url: OpaquePointer?
    private var headers = HTTPHeaders()
    private var list: UnsafeMutablePointer<curl_slist>?
    private var body: UnsafeMutableBufferPointer<UInt8>?

    /// `nil` when the options are not usable, or libcurl refuses a handle or one of them.
    init?(options: Options) {
        guard options.areUsable, let easy = unsafe curl_easy_init() else { return nil }
        self.options = options
        unsafe handle = easy
        guard configure() else { return nil }
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_url_cleanup(url)
        unsafe curl_slist_free_all(list)
        unsafe body?.deallocate()
    }

    private func configure() -> Bool {
        let isPost = options.method == "POST"
        let ok =
            set(CURLOPT_NOSIGNAL, 1) && set(CURLOPT_PROTOCOLS_STR, "http,https") && set(CURLOPT_FOLLOWLOCATION, 0)
            && set(CURLOPT_SSL_VERIFYPEER, 1) && set(CURLOPT_SSL_VERIFYHOST, 2) && set(CURLOPT_TCP_NODELAY, 1)
            && set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS)) && set(CURLOPT_ACCEPT_ENCODING, CurlEasy.codings)
            && set(CURLOPT_NETRC, 0) && set(CURLOPT_BUFFERSIZE, CurlEasy.bufferSize)
            // A call that ends while its name is looked up must not wait for the look-up: that would stop the loop.
            && set(CURLOPT_QUICK_EXIT, 1)
            && set(CURLOPT_PROXY, options.proxy ?? "") && set(CURLOPT_NOPROXY, "") && setURL()
            // A proxy's answer to CONNECT is not the provider's.
            && set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1) && set(CURLOPT_PATH_AS_IS, 1) && set(CURLOPT_HTTP09_ALLOWED, 0)
            && (isPost ? set(CURLOPT_POST, 1) : set(CURLOPT_CUSTOMREQUEST, options.method))
        guard ok else { return false }
        if options.method == "HEAD", !set(CURLOPT_NOBODY, 1) { return false }
        if let authority = options.certificateAuthority, !set(CURLOPT_CAINFO, authority) { return false }
        unsafe tutti_curl_set_bytes(handle, CURLOPT_HEADERFUNCTION, CurlCallbacks.header)
        unsafe tutti_curl_set_bytes(handle, CURLOPT_WRITEFUNCTION, CurlCallbacks.body)
        unsafe tutti_curl_set_prereq(handle, CurlCallbacks.prerequest)
        return true
    }

    private func setURL() -> Bool {
        unsafe url = curl_url()
        guard let url = unsafe url,
            unsafe curl_url_set(url, CURLUPART_URL, options.url, UInt32(CURLU_PATH_AS_IS)) == CURLUE_OK
        else { return false }
        unsafe tutti_curl_set_pointer(handle, CURLOPT_CURLU, UnsafeMutableRawPointer(url))
        return true
    }

    /// Makes the handle ready for one call of `transfer`; `false` when a header or the body is refused.
    func prepare(_ request: OutgoingRequest, transfer: CurlTransfer) -> Bool {
        let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
        unsafe tutti_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        unsafe tutti_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        unsafe tutti_curl_set_pointer(handle, CURLOPT_PREREQDATA, context)
        // Not among the options, so that a deadline that differs from call to call costs no handle.
        guard set(CURLOPT_CONNECTTIMEOUT_MS, CurlEasy.milliseconds(request.timeouts.connect)),
            set(CURLOPT_TIMEOUT_MS, CurlEasy.milliseconds(request.timeouts.total)), takeNewConnection(false)
        else { return false }
        if unsafe list == nil || headers != request.headers {
            guard setHeaders(request.headers) else { return false }
        }
        setBody(request.body)
        return true
    }

    /// Rounded up: a limit never ends a call before its time, and libcurl's zero would be none at all.
    private static func milliseconds(_ duration: Duration) -> Int {
        Int((max(1, duration.saturatingNanoseconds) - 1) / 1_000_000 + 1)
    }

    /// Whether the last call had a connection, its TLS included.
    var hasConnected: Bool {
        var microseconds: curl_off_t = 0
        unsafe tutti_curl_get_offset(handle, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        return microseconds > 0
    }

    /// Whether the last call had a connection that an earlier one had made.
    var usedOldConnection: Bool {
        var made = 1
        unsafe tutti_curl_get_long(handle, CURLINFO_NUM_CONNECTS, &made)
        return made == 0
    }

    /// Whether any of the last call's request has gone out.
    var hasSent: Bool {
        var bytes = 0
        unsafe tutti_curl_get_long(handle, CURLINFO_REQUEST_SIZE, &bytes)
        return bytes > 0
    }

    /// Whether the last call's proxy would make no tunnel.
    var wasRefusedByProxy: Bool {
        var status = 0
        unsafe tutti_curl_get_long(handle, CURLINFO_HTTP_CONNECTCODE, &status)
        return status >= 300
    }

    func takeNewConnection(_ wish: Bool) -> Bool { set(CURLOPT_FRESH_CONNECT, wish ? 1 : 0) }

    /// Lets go of the last call's body; libcurl must have let go of the handle.
    func forgetBody() {
        guard unsafe body != nil else { return }
        unsafe tutti_curl_set_pointer(handle, CURLOPT_POSTFIELDS, nil)
        unsafe body?.deallocate()
        unsafe body = nil
    }

    private func setHeaders(_ fields: HTTPHeaders) -> Bool {
        guard (try? fields.checkForWire()) != nil else { return false }
        // An empty `Expect:` keeps libcurl from waiting for 100 Continue before larger bodies.
        var lines = ["Expect:"]
        // What libcurl would write itself for the option, only that it would make the line anew for each call.
        if !fields.contains("accept-encoding") { lines.append("Accept-Encoding: \(CurlEasy.codings)") }
        for (name, value) in fields { lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)") }
        var fresh: UnsafeMutablePointer<curl_slist>? = nil
        for line in lines {
            guard let longer = unsafe curl_slist_append(fresh, line) else {
                unsafe curl_slist_free_all(fresh)
                return false
            }
            unsafe fresh = longer
        }
        unsafe tutti_curl_set_list(handle, CURLOPT_HTTPHEADER, fresh)
        unsafe curl_slist_free_all(list)
        unsafe list = fresh
        headers = fields
        return true
    }

    private func setBody(_ bytes: [UInt8]) {
        forgetBody()
        guard options.hasBody else { return }
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, bytes.count))
        _ = unsafe copy.initialize(from: bytes)
        unsafe body = copy
        unsafe tutti_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
        unsafe tutti_curl_set_pointer(handle, CURLOPT_POSTFIELDS, copy.baseAddress)
    }

    private func set(_ option: CURLoption, _ value: Int) -> Bool {
        unsafe tutti_curl_set_long(handle, option, value) == CURLE_OK
    }

    private func set(_ option: CURLoption, _ value: String) -> Bool {
        unsafe tutti_curl_set_text(handle, option, value) == CURLE_OK
    }
}
