internal import LocalModels

/// What is installed, and in which version.
enum InstalledChecks {
    /// Libraries and the functions by which they tell their versions.
    private static let libraries = [
        ("libcurl", "curl_version"), ("libuv", "uv_version_string"), ("libyaml", "yaml_get_version_string"),
        ("wslay", "wslay_version"),
    ]

    /// Of local models that the set-up fetches, by the names that configurations use.
    static let hashes = ["smollm2": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"]

    static func all(_ configuration: Configuration?, environment: [String: String]) -> [Finding] {
        var findings = [Finding.ok(.installed, "tutti", TuttiVersion.text)]
        for (name, function) in libraries {
            if let version = Machine.version(by: function) { findings.append(.ok(.installed, name, version)) }
        }
        if let version = Machine.openSSL { findings.append(.ok(.installed, "openssl", version)) }
        findings += loaded()
        for provider in configuration?.providers ?? [] {
            guard case .local(let name, let path) = provider.service else { continue }
            findings += local(provider.name, model: path ?? name, environment: environment)
        }
        return findings
    }

    /// Libraries that tell no version: the file that was loaded has it in its name.
    private static func loaded() -> [Finding] {
        var text: [UInt8] = []
        guard Machine.read("/proc/self/maps", { if text.count < 4 << 20 { text += $0 } }) else { return [] }
        var found: [String] = []
        for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
            guard let file = line.split(separator: "/").last.map(String.init), line.contains("/"),
                ["libsimdjson", "libre2", "libmimalloc"].contains(where: { file.hasPrefix($0 + ".so") }),
                !found.contains(file)
            else { continue }
            found.append(file)
        }
        return found.sorted().map { file in
            let parts = file.components(at: ".so.")
            return .ok(.installed, parts.0, parts.1 ?? "without a version")
        }
    }

    private static func local(_ provider: String, model: String, environment: [String: String]) -> [Finding] {
        let files = LocalConfiguration(model: model, environment: environment)
        let remedy = "Run ./run once, which sets it up, or configure another model."
        guard files.isInstalled else {
            let isHere = Machine.permissions(of: files.modelPath) != nil
            let missing = isHere ? "the library of llama.cpp" : "the model's file"
            return [.fail(.installed, "local/\(provider)", "\(missing) cannot be read.", remedy)]
        }
        var hash = FileHash()
        guard Machine.read(files.modelPath, { hash.add($0) }) else {
            return [.fail(.installed, "local/\(provider)", "the model's file cannot be read to its end.", remedy)]
        }
        let digits = hash.hex
        if let expected = hashes[model], expected != digits {
            return [
                .fail(
                    .installed, "local/\(provider)", "the model's file is damaged: its sha256 is \(digits).",
                    "Remove \(files.modelPath) and run ./run.")
            ]
        }
        return [.ok(.installed, "local/\(provider)", "\(model), sha256 \(digits)")]
    }
}

extension String {
    /// What stands before and behind the first occurrence of a separator.
    fileprivate func components(at separator: String) -> (String, String?) {
        guard let range = firstRange(of: separator) else { return (self, nil) }
        return (String(self[..<range.lowerBound]), String(self[range.upperBound...]))
    }
}
