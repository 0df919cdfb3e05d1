import Glibc

/// A process and what it has started, as they are now.
enum ProcessTree {
    static func members(of root: pid_t) -> [pid_t] {
        var children: [pid_t: [pid_t]] = [:]
        for name in Directory.names("/proc") ?? [] {
            guard let pid = pid_t(name), let parent = parent(of: pid) else { continue }
            children[parent, default: []].append(pid)
        }
        var members = [root]
        var next = 0
        while next < members.count {
            members += children[members[next]] ?? []
            next += 1
        }
        return members
    }

    /// The fourth field of `/proc/<pid>/stat`; the second, the program's name, is in brackets and may hold anything (proc(5)).
    private static func parent(of pid: pid_t) -> pid_t? {
        guard let text = Directory.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 1 ? pid_t(fields[1]) : nil
    }
}
