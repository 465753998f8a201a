/// The version of this build.
public enum TuttiVersion {
    public static let text = "0.1.0"
}
