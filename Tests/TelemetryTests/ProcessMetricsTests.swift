import Glibc
import Testing

@testable import Telemetry

@Suite struct ProcessMetricsTests {
    @Test("The process's own figures are plausible")
    func plausible() {
        #expect(ProcessMetrics.cpuSeconds() > 0)
        #expect(ProcessMetrics.memoryBytes(field: 1) > 1_000_000)
        #expect(ProcessMetrics.memoryBytes(field: 0) >= ProcessMetrics.memoryBytes(field: 1))
        #expect(ProcessMetrics.openDescriptors() >= 3)
        #expect(ProcessMetrics.maximumDescriptors() >= ProcessMetrics.openDescriptors())
    }

    @Test("The start time lies before now and after the machine's first day")
    func startTime() {
        let now = Double(time(nil))
        #expect(ProcessMetrics.startTime() <= now + 1)
        #expect(ProcessMetrics.startTime() > 1_500_000_000)
    }

    @Test("A field that is not there is not a number")
    func missingField() {
        #expect(ProcessMetrics.memoryBytes(field: 99).isNaN)
    }
}
