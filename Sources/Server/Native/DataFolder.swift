// Ownership: none; paths are lent to the C library for the call.
internal import Glibc

/// The folder for what must last.
enum DataFolder {
    /// Makes the folder, with its parents, if it is not there. The sentence that says what is wrong, if something is.
    static func prepare(_ path: String) -> String? {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += made.isEmpty || made.hasSuffix("/") ? String(part) : "/" + part
            if unsafe mkdir(made, 0o700) != 0, errno != EEXIST, errno != EISDIR {
                return problem(path, errno)
            }
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return problem(path, ENOTDIR)
        }
        guard unsafe access(path, W_OK | X_OK) == 0 else { return problem(path, errno) }
        return nil
    }

    /// Whether the folder can be written to at this moment, in words without its path. One call of access(2).
    static func problem(now path: String) -> String? {
        guard unsafe access(path, W_OK | X_OK) != 0 else { return nil }
        return unsafe String(cString: strerror(errno))
    }

    private static func problem(_ path: String, _ code: Int32) -> String {
        let reason = unsafe String(cString: strerror(code))
        return "The data folder \(path) cannot be used: \(reason). Choose another one with --data DIR or `server.data`."
    }
}
