// swift-tools-version: 6.3
import PackageDescription

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

let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "tutti", path: "..")],
    targets: [
        .executableTarget(
            name: "GraphBench", dependencies: [.product(name: "TuttiGraph", package: "tutti")],
            swiftSettings: settings),
        // Linked as the server is.
        .executableTarget(
            name: "DialectBench", dependencies: [.product(name: "TuttiModels", package: "tutti")],
            swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-static-stdlib"]), .linkedLibrary("mimalloc")]),
        .target(name: "CAllocations", linkerSettings: [.linkedLibrary("mimalloc")]),
        .executableTarget(
            name: "ResilienceBench", dependencies: ["CAllocations", .product(name: "TuttiModels", package: "tutti")],
            swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-static-stdlib"]), .linkedLibrary("mimalloc")]),
        .executableTarget(
            name: "OrchestrationBench",
            dependencies: ["CAllocations", .product(name: "TuttiOrchestrator", package: "tutti")],
            swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-static-stdlib"]), .linkedLibrary("mimalloc")]),
        .executableTarget(
            name: "GuardBench", dependencies: [.product(name: "TuttiOrchestrator", package: "tutti")],
            swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-static-stdlib"]), .linkedLibrary("mimalloc")]),
    ]
)
