import CMalloc
import Glibc

/// What malloc does with memory that has been freed.
///
/// As it comes, glibc's gives the end of a thread's heap back to the system whenever more than some 260 kB of it are free: with two large responses under
/// way that is at nearly every write, and the next read has its pages faulted in and cleared again.
enum FreedMemory {
    /// How much of each thread's stays for what comes next; bytes.
    private static let kept: Int32 = 4_194_304
    /// Larger pieces than this go back at once, each by itself; bytes. By itself glibc would find a value as it goes along, but not once it has been
    /// told the other.
    private static let large: Int32 = 1_048_576

    /// To be called before any thread begins. Who has tuned malloc by its environment knows better.
    static func keepSome() {
        guard getenv("GLIBC_TUNABLES") == nil, getenv("MALLOC_TRIM_THRESHOLD_") == nil,
            getenv("MALLOC_MMAP_THRESHOLD_") == nil
        else { return }
        _ = mallopt(M_TRIM_THRESHOLD, kept)
        _ = mallopt(M_MMAP_THRESHOLD, large)
    }
}
