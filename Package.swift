// swift-tools-version: 6.3
import PackageDescription

/// One settings array for every Swift target: language mode 6, strict memory safety, warnings are errors.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

/// A room of the house: its folder is `Sources/<name>`, its tests are `Tests/<name>Tests`.
func room(_ name: String, imports: [String]) -> Target {
    .target(name: name, dependencies: imports.map { .byName(name: $0) }, swiftSettings: settings)
}

func tests(_ name: String, imports: [String], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: (["TestKit"] + imports).map { .byName(name: $0) },
        exclude: exclude, swiftSettings: settings)
}

let package = Package(
    name: "tutti",
    products: [
        .executable(name: "tutti", targets: ["tutti"]),
        .library(name: "TuttiGraph", targets: ["Graph", "Base", "JSON"]),
        .library(name: "TuttiModels", targets: ["Models", "Base", "JSON"]),
        .library(name: "TuttiOrchestrator", targets: ["Orchestrator", "Models", "Base", "JSON"]),
    ],
    targets: [
        .systemLibrary(name: "CUV", path: "Sources/CLibs/CUV"),
        .systemLibrary(name: "CCurl", path: "Sources/CLibs/CCurl"),
        .systemLibrary(name: "COpenSSL", path: "Sources/CLibs/COpenSSL"),
        .systemLibrary(name: "CYAML", path: "Sources/CLibs/CYAML"),
        .systemLibrary(name: "CZlib", path: "Sources/CLibs/CZlib"),
        .target(
            name: "CShims",
            linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("re2"), .linkedLibrary("dl")]),

        room("Base", imports: ["CShims"]),
        room("JSON", imports: ["Base", "CShims"]),
        room("Telemetry", imports: ["Base", "JSON"]),
        room("Transport", imports: ["Base", "Telemetry", "COpenSSL", "CUV", "CShims"]),
        room("HTTP", imports: ["Base", "Telemetry"]),
        room("HTTPServer", imports: ["Base", "Telemetry", "HTTP", "Transport", "COpenSSL", "CZlib"]),
        room("HTTPClient", imports: ["Base", "Telemetry", "HTTP", "Transport", "CCurl", "CUV"]),
        room("Graph", imports: ["Base", "Telemetry", "JSON"]),
        room("Resilience", imports: ["Base"]),
        room("Identity", imports: ["Base", "COpenSSL"]),
        room("Models", imports: ["Base", "Telemetry", "JSON", "HTTP", "HTTPClient", "Resilience"]),
        room("LocalModels", imports: ["Base", "Telemetry", "JSON", "Models", "Transport", "CShims"]),
        room(
            "Orchestrator",
            imports: ["Base", "Telemetry", "JSON", "Graph", "Identity", "Models", "LocalModels", "Resilience"]),
        room(
            "Server",
            imports: [
                "Base", "Telemetry", "JSON", "Transport", "HTTP", "HTTPServer", "HTTPClient", "Graph", "Models",
                "Identity", "LocalModels", "Orchestrator", "Resilience", "CYAML",
            ]),
        // The binary carries Swift's runtime with it: one file to ship, and a tenth less CPU a request. What requests run
        // through lies side by side in it; `Benchmarks/function_order.py` says which functions those are.
        .executableTarget(
            name: "tutti", dependencies: ["Base", "Server"], exclude: ["order.txt"], swiftSettings: settings,
            linkerSettings: [
                .unsafeFlags([
                    "-static-stdlib", "-use-ld=lld", "-Xlinker", "--no-warn-symbol-ordering", "-Xlinker",
                    "--symbol-ordering-file=\(Context.packageDirectory)/Sources/tutti/order.txt",
                ]), .linkedLibrary("mimalloc"),
            ]),

        room(
            "TestKit",
            imports: [
                "Base", "Graph", "JSON", "Transport", "HTTP", "HTTPServer", "Models", "Orchestrator", "COpenSSL",
            ]),
        tests("Base", imports: ["Base"]),
        tests("JSON", imports: ["Base", "JSON"]),
        tests("Telemetry", imports: ["Base", "JSON", "Telemetry"]),
        tests("Transport", imports: ["Base", "Transport"]),
        tests("HTTP", imports: ["Base", "HTTP", "JSON"]),
        tests("HTTPServer", imports: ["Base", "HTTP", "HTTPServer", "Transport"]),
        tests("HTTPClient", imports: ["Base", "HTTP", "HTTPClient", "HTTPServer", "Transport"]),
        // Measures the process of the tests, and shows its locks to the thread sanitizer.
        .target(name: "CInstruments", path: "Tests/CInstruments"),
        tests("Graph", imports: ["Base", "CInstruments", "Graph", "JSON", "Transport"]),
        tests("Resilience", imports: ["Base", "Resilience"]),
        tests("Identity", imports: ["Base", "Identity"]),
        tests("Models", imports: ["Base", "HTTP", "HTTPClient", "JSON", "Models", "Resilience"]),
        tests("LocalModels", imports: ["Base", "JSON", "LocalModels", "Models"]),
        tests(
            "Orchestrator",
            imports: ["Base", "Graph", "JSON", "Models", "Orchestrator", "Resilience", "Telemetry"]),
        tests("Configuration", imports: ["Base", "Identity", "JSON", "Models", "Orchestrator", "Server"]),
        tests(
            "Server",
            imports: [
                "Base", "HTTP", "HTTPServer", "Identity", "JSON", "LocalModels", "Models", "Orchestrator", "Resilience",
                "Server", "Telemetry", "Transport",
            ]),
        // What the fuzzers check, on the inputs that they kept; `scripts/prove fuzz` runs them.
        tests(
            "Fuzz", imports: ["Base", "HTTP", "JSON", "Models", "Server"], exclude: ["Corpus", "Native", "llhttp.py"]),
        tests("Tidy", imports: []),
    ],
    cxxLanguageStandard: .cxx17
)
