// Ownership: the socket is closed in the function that opened it; the list that getaddrinfo gives is freed there too.
internal import Glibc
internal import Transport

extension Machine {
    /// Why this user cannot listen on an address of this machine now; `nil` where it can.
    static func listens(_ host: String, _ port: UInt16) -> TransportError.Kind? {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, String(port), &hints, &list) == 0, let list = unsafe list else {
            return .invalidAddress
        }
        defer { unsafe freeaddrinfo(list) }
        let descriptor = unsafe socket(list.pointee.ai_family, list.pointee.ai_socktype, 0)
        guard descriptor >= 0 else { return .system }
        defer { close(descriptor) }
        var yes: Int32 = 1
        // As the server does it: a connection that has just ended keeps nobody out.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard unsafe bind(descriptor, list.pointee.ai_addr, list.pointee.ai_addrlen) == 0, listen(descriptor, 1) == 0
        else {
            switch errno {
            case EADDRINUSE: return .addressInUse
            case EACCES, EPERM: return .permissionDenied
            default: return .system
            }
        }
        return nil
    }
}
