/// The import table of the house. Every room may import `Base` and the standard library's modules besides.
enum House {
    private static let belowOrchestrator: Set<String> = [
        "Telemetry", "JSON", "Transport", "HTTP", "HTTPClient", "Resilience", "Cache", "Graph", "Models", "LocalModels",
        "Storage", "Messaging", "Identity", "Knowledge", "Tools",
    ]

    /// Room → the rooms that it may import. `nil` for a room that may import all.
    static let rooms: [String: Set<String>?] = [
        "Base": [],
        "JSON": [],
        "Telemetry": ["JSON"],
        "Transport": ["Telemetry"],
        "HTTP": ["Telemetry"],
        "HTTPServer": ["Telemetry", "HTTP", "Transport"],
        "HTTPClient": ["Telemetry", "HTTP", "Transport"],
        "Resilience": ["Telemetry"],
        "Cache": ["Telemetry", "JSON", "Resilience"],
        "Graph": ["Telemetry", "JSON"],
        "Models": ["Telemetry", "JSON", "HTTP", "HTTPClient", "Resilience"],
        "LocalModels": ["Telemetry", "JSON", "Models", "Transport"],
        "Storage": ["Telemetry", "JSON", "Transport"],
        "Messaging": ["Telemetry", "JSON", "Transport"],
        "Identity": ["Telemetry", "JSON", "HTTPClient", "Resilience", "Models"],
        "Knowledge": ["Telemetry", "JSON", "Models", "Storage"],
        "Tools": ["Telemetry", "JSON", "Models", "HTTP", "HTTPClient", "Transport", "Storage"],
        "Orchestrator": belowOrchestrator,
        "Stores": belowOrchestrator.union(["Orchestrator"]),
        "Server": nil,
        "tutti": ["Server"],
        "TestKit": nil,
    ]

    static let anywhere: Set<String> = ["Base", "Swift", "Synchronization"]
    /// What only drivers may import: the C library, threads, and the project's C modules (`CShims`, `CUV`…).
    static let nativeOnly: Set<String> = ["Glibc", "Dispatch"]

    static func isCModule(_ module: String) -> Bool {
        let letters = Array(module.utf8.prefix(2))
        return letters.count == 2 && letters[0] == UInt8(ascii: "C")
            && (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(letters[1])
    }
}

extension Rule {
    static let roomsAreKnown = Rule(name: "every source file belongs to a room of the table") { file, _ in
        guard file.path.hasPrefix("Sources/"), file.isSwift else { return [] }
        if let room = file.room, House.rooms[room] != nil { return [] }
        return [
            Breach(
                path: file.path, line: 1,
                sentence: "No room has this name; add it to the table in ImportRules.swift and docs/architecture.md.")
        ]
    }

    static let importsFollowTheTable = Rule(name: "every room imports only what the table allows") { file, _ in
        guard let room = file.room, file.isSwift, let allowed = House.rooms[room] else { return [] }
        let imports = try Pattern(
            #"^[ \t]*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"#
                + #"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)"#)
        return imports.matches(in: file.code).compactMap { match -> Breach? in
            let module = match.text
            if House.anywhere.contains(module) || module == room { return nil }
            let sentence: String
            if House.isCModule(module) || House.nativeOnly.contains(module) {
                // The test doubles wait for real threads; they are no part of the server.
                if file.isNative || room == "TestKit" && module == "Dispatch" { return nil }
                sentence = "\(module) may be imported in a Native folder only."
            } else if House.rooms[module] == nil {
                sentence = "\(module) is no room of the house."
            } else if allowed?.contains(module) ?? (module != "TestKit") {
                return nil
            } else {
                sentence = "\(room) may not import \(module): see the table in docs/architecture.md."
            }
            return Breach(path: file.path, line: match.line, sentence: sentence)
        }
    }
}
