import NIOCore

/// A ClientHello as of TLS 1.2 (RFC 5246, section 7.4.1.2), made by hand: it can offer what no library offers any more, and its sender
/// need not go on with the handshake.
public enum HandmadeHello {
    /// - Parameters:
    ///   - version: `client_version`; there is no `supported_versions`, so it is the newest that is offered.
    ///   - suites: By IANA's numbers.
    public static func bytes(version: UInt16 = 0x0303, suites: [UInt16]) -> ByteBuffer {
        var extensions = ByteBuffer()
        func add(_ type: UInt16, _ values: [UInt16]) {
            extensions.writeInteger(type)
            extensions.writeInteger(UInt16(values.count * 2 + 2))
            extensions.writeInteger(UInt16(values.count * 2))
            for value in values { extensions.writeInteger(value) }
        }
        // supported_groups: X25519, P-256; signature_algorithms: ECDSA and RSA with SHA-256 and with SHA-1.
        add(10, [0x001D, 0x0017])
        add(13, [0x0403, 0x0804, 0x0401, 0x0203, 0x0201])
        // ec_point_formats: uncompressed.
        extensions.writeBytes([0, 11, 0, 2, 1, 0])
        var body = ByteBuffer()
        body.writeInteger(version)
        body.writeRepeatingByte(7, count: 32)
        body.writeInteger(UInt8(0))
        body.writeInteger(UInt16(suites.count * 2))
        for suite in suites { body.writeInteger(suite) }
        body.writeBytes([1, 0])
        body.writeInteger(UInt16(extensions.readableBytes))
        body.writeImmutableBuffer(extensions)
        var record = ByteBuffer()
        record.writeBytes([22, 3, 1])
        record.writeInteger(UInt16(body.readableBytes + 4))
        record.writeBytes([1, 0])
        record.writeInteger(UInt16(body.readableBytes))
        record.writeImmutableBuffer(body)
        return record
    }
}
