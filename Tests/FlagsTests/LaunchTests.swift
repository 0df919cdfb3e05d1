import Testing

@testable import Flags

@Suite struct LaunchTests {
    @Test("A flag with nothing after its equals sign has an empty value, as Go's parsers take it")
    func emptyValues() {
        #expect(
            Launch.spelledOut(["--storage.path=", "--a=b", "-h", "="]) == ["--storage.path", "", "--a=b", "-h", "="])
        #expect(Launch.spelledOut(["--a==", "--", "--b="]) == ["--a==", "--", "--b="])
    }
}
