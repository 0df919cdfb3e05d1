/// The last line: what the most useful keys do here, taken from the table that binds them.
struct Footer {
    private struct Item {
        var key: Key
        var name: String
        var text: String
        var column: Int
        var width: Int { TextWidth.of(name) + 1 + TextWidth.of(text) }
    }

    private let items: [Item]

    init(_ model: Model) {
        var items: [Item] = []
        var column = 0
        guard model.prompt == nil || model.helpTop != nil else {
            for (key, text) in [(Key.enter, "keep this filter"), (.escape, "undo")] {
                let item = Item(key: key, name: key.name(unicode: model.glyphs.unicode), text: text, column: column)
                items.append(item)
                column += item.width + 2
            }
            self.items = items
            return
        }
        for binding in Binding.all where binding.scenes.contains(model.scene) {
            guard let text = binding.footer, let key = binding.keys.first else { continue }
            let item = Item(
                key: key, name: key.name(unicode: model.glyphs.unicode), text: text, column: column)
            guard column + item.width <= model.size.columns else { break }
            items.append(item)
            column += item.width + 2
        }
        self.items = items
    }

    /// The key that a click stands for.
    func key(at column: Int) -> Key? {
        items.first { ($0.column..<$0.column + $0.width).contains(column) }?.key
    }

    func draw(on frame: inout Frame, row: Int) {
        for item in items {
            let at = frame.put(item.name, row: row, column: item.column, style: Style(role: .key))
            frame.put(" " + item.text, row: row, column: at, style: Style(role: .chrome))
        }
    }
}
