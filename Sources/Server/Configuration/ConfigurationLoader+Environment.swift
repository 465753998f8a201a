internal import Base

/// The layers above the file: the environment and the flags.
extension ConfigurationLoader {
    mutating func applyEnvironment() {
        for (name, path, unit) in WellKnownNames.keys {
            guard let value = environment[name], !value.isEmpty else { continue }
            let isBare = Quantities.count(value) != nil
            apply(isBare ? value + unit : value, to: path, from: .environment(name: name))
        }
        for key in ConfigurationKey.all {
            guard let value = environment[key.variable], !value.isEmpty else { continue }
            apply(value, to: key.path, from: .environment(name: key.variable))
        }
        for name in WellKnownNames.later where !(environment[name] ?? "").isEmpty {
            notice("\(name) is recognised, but not supported yet; it is ignored.")
        }
        let known = ConfigurationKey.all.map(\.variable) + WellKnownNames.own
        for name in environment.keys.filter({ $0.hasPrefix("TUTTI_") && !known.contains($0) }).sorted() {
            guard let near = NearestNames.of(name, in: known, limit: 1).first else { continue }
            notice("The environment variable \(Names.shown(key: name)) is no setting; did you mean \(near)?")
        }
    }

    mutating func apply(_ value: String, to path: String, from source: ConfigurationSource) {
        guard let key = ConfigurationKey.byPath[path] else { return }
        let texts = key.isList ? Self.parts(of: value) : [value]
        if key.set(&configuration, texts) {
            sources[path] = source
        } else {
            report("\(path) must be \(key.expectation).", source)
        }
    }

    private static func parts(of list: String) -> [String] {
        list.utf8.split(separator: UInt8(ascii: ",")).compactMap { part in
            let blank = UInt8(ascii: " ")
            let trimmed = part.drop { $0 == blank }.reversed().drop { $0 == blank }.reversed()
            return trimmed.isEmpty ? nil : String(decoding: trimmed, as: UTF8.self)
        }
    }
}
