extension RequestPipeline {
    /// The value of `allow`: a route that answers `GET` answers `HEAD`.
    static func allow(_ methods: [String]) -> String {
        (methods + (methods.contains("GET") ? ["HEAD"] : [])).sorted().joined(separator: ", ")
    }
}
