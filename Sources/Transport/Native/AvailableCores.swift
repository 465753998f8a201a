// Owns nothing.
internal import CUV

extension EventLoopGroup {
    /// The cores that this process may use.
    public static var availableCores: Int { Int(clamping: uv_available_parallelism()) }
}
