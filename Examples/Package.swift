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

/// One program: its folder is `Sources/<name>`, what it prints is `Expected/<name>.txt`.
func example(_ name: String) -> Target {
    .executableTarget(
        name: name, dependencies: [.product(name: "TuttiGraph", package: "tutti")], swiftSettings: settings)
}

let package = Package(
    name: "examples",
    dependencies: [.package(name: "tutti", path: "..")],
    targets: ["Newsroom", "Approval", "Digest", "Race", "Travel"].map(example)
)
