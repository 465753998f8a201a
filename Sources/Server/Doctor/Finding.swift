internal import JSON

/// One thing that was looked at: how it stands, and what to do where it does not stand well.
struct Finding: Sendable, Equatable {
    enum State: String, Sendable {
        case ok, warn, fail
    }

    enum Area: String, Sendable {
        case installed, reachable, configured, machine
    }

    let area: Area
    let name: String
    let state: State
    let text: String
    /// What to do.
    var remedy: String?

    static func ok(_ area: Area, _ name: String, _ text: String) -> Finding {
        Finding(area: area, name: name, state: .ok, text: text)
    }
    static func warn(_ area: Area, _ name: String, _ text: String, _ remedy: String) -> Finding {
        Finding(area: area, name: name, state: .warn, text: text, remedy: remedy)
    }
    static func fail(_ area: Area, _ name: String, _ text: String, _ remedy: String) -> Finding {
        Finding(area: area, name: name, state: .fail, text: text, remedy: remedy)
    }

    var json: JSON {
        var json: JSON = [
            "area": .string(area.rawValue), "name": .string(name), "state": .string(state.rawValue),
            "text": .string(text),
        ]
        if let remedy { json["remedy"] = .string(remedy) }
        return json
    }

    /// One line for people.
    var line: String {
        let mark = state.rawValue + String(repeating: " ", count: 4 - state.rawValue.count)
        return "\(mark)  \(name): \(text)" + (remedy.map { " \($0)" } ?? "")
    }
}
