/// Whether the data folder and the configuration file are safe and usable.
enum FolderChecks {
    static func data(_ path: String) -> [Finding] {
        guard let status = Machine.permissions(of: path) else {
            return [.ok(.configured, "data", "\(path) is not there yet; the server makes it")]
        }
        guard Machine.mayWrite(path) else {
            return [
                .fail(
                    .configured, "data", "\(path) cannot be written to.",
                    "Give this user the folder (chown), or choose another with --data DIR.")
            ]
        }
        var findings: [Finding] = []
        if status.mode & 0o022 != 0 {
            findings.append(
                .warn(
                    .configured, "data", "others may write to \(path).", "Take that from them: chmod go-w \(path)"))
        }
        if let free = Machine.freeBytes(at: path), free < 256 << 20 {
            findings.append(
                .warn(
                    .configured, "data", "\(free >> 20) MB are left on the disk of \(path).",
                    "Make room, or choose another folder with --data DIR."))
        }
        return findings.isEmpty ? [.ok(.configured, "data", "\(path) can be written to")] : findings
    }

    static func file(_ path: String) -> [Finding] {
        guard let status = Machine.permissions(of: path), status.mode & 0o004 != 0 else { return [] }
        return [
            .warn(
                .configured, "file", "everybody on this machine may read \(path).",
                "If it holds keys, take that from them: chmod 600 \(path)")
        ]
    }
}
