/// One fuzz body under libFuzzer. `FUZZ_BODY` names it, because libFuzzer starts itself again with its own arguments; these are libFuzzer's.
/// Without a name, all names are printed.
// libc's streams are not known to be safe; this program has one thread.
@preconcurrency import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argc: UnsafeMutablePointer<CInt>,
    _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

private enum Chosen {
    // Set once, before libFuzzer runs on this same thread.
    nonisolated(unsafe) static var body: FuzzBody?
}

private let name = getenv("FUZZ_BODY").map { String(cString: $0) }
guard let name else {
    for body in FuzzBody.all { print(body.name) }
    exit(0)
}
Chosen.body = FuzzBody.all.first { $0.name == name }
if Chosen.body == nil {
    fputs("there is no fuzz body \(name)\n", stderr)
    exit(64)
}

private var count = CommandLine.argc
private var arguments = CommandLine.unsafeArgv
exit(
    runDriver(&count, &arguments) { bytes, count in
        do {
            try Chosen.body?.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
        } catch {
            fputs("violated: \(error)\n", stderr)
            abort()
        }
        return 0
    })
