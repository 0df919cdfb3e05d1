import Foundation
import Testing
import Wire

@Suite struct Base64Tests {
    @Test("Base64 as Foundation has it, both ways and for every length")
    func everyLength() {
        for length in 0...40 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + length) }
            let text = Data(bytes).base64EncodedString()
            #expect(Base64.encoded(bytes) == text)
            #expect(Base64.decoded(text.utf8) == bytes)
        }
    }
}
