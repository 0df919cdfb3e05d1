import Synchronization

/// A queue whose readers wait for elements; ends once.
final class Inbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var waiting: [CheckedContinuation<Element?, Never>] = []
        var isEnded = false
    }

    private let state = Mutex(State())

    func put(_ element: Element) {
        let reader = state.withLock { state -> CheckedContinuation<Element?, Never>? in
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            state.elements.append(element)
            return nil
        }
        reader?.resume(returning: element)
    }

    func end() {
        let readers = state.withLock { state in
            state.isEnded = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for reader in readers { reader.resume(returning: nil) }
    }

    /// The next element; `nil` when there will be none, and when the test's time limit has passed.
    func next() async -> Element? {
        await withTaskCancellationHandler {
            await waitForNext()
        } onCancel: {
            end()
        }
    }

    private func waitForNext() async -> Element? {
        await withCheckedContinuation { continuation in
            let (element, isNow) = state.withLock { state -> (Element?, Bool) in
                if !state.elements.isEmpty { return (state.elements.removeFirst(), true) }
                if state.isEnded { return (nil, true) }
                state.waiting.append(continuation)
                return (nil, false)
            }
            if isNow { continuation.resume(returning: element) }
        }
    }
}
