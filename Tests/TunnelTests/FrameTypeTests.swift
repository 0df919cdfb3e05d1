import Testing

@testable import Tunnel

@Suite struct FrameTypeTests {
    @Test("frames have the numbers that other implementations go by")
    func numbers() {
        #expect(FrameType.allCases.map(\.rawValue) == [1, 2, 3, 4, 5, 6, 7, 8])
    }
}
