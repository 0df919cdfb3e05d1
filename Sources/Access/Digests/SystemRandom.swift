import Glibc

/// Random bytes that are fit for secrets.
enum SystemRandom {
    /// - Parameter count: At most 256.
    static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let status = bytes.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) }
        if status != 0 {
            // A kernel without the call; the standard library knows other ways, or ends the program.
            var generator = SystemRandomNumberGenerator()
            for index in bytes.indices { bytes[index] = generator.next() }
        }
        return bytes
    }
}
