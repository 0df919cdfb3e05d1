import NIOCore

extension NIODeadline {
    /// The next moment that is a multiple of `step` since the clock began; this one where that would be beyond all time, or `step` is none.
    func roundedUp(to step: TimeAmount) -> NIODeadline {
        guard step.nanoseconds > 0 else { return self }
        let step = UInt64(step.nanoseconds)
        let over = uptimeNanoseconds % step
        guard over > 0 else { return self }
        let (rounded, isBeyond) = uptimeNanoseconds.addingReportingOverflow(step - over)
        return isBeyond || rounded > UInt64(Int64.max) ? self : .uptimeNanoseconds(rounded)
    }
}
