/// Draws a model on a screen of its size. Pure: the same model gives the same frame.
func render(_ model: Model) -> Frame {
    var frame = Frame(size: model.size, unicode: model.glyphs.unicode)
    guard model.size.isUsable else {
        let needed = "\(Size.minimum.columns)x\(Size.minimum.rows)"
        let sentence =
            "Too small: needs \(needed), has \(model.size.columns)x\(model.size.rows). Enlarge it, or q quits."
        for (row, line) in Wrapping.lines(sentence, width: model.size.columns).enumerated() {
            frame.put(line, row: row, column: 0, style: Style(role: .warning))
        }
        return frame
    }
    let layout = ScreenLayout(model)
    Header(model: model, layout: layout).draw(on: &frame)
    TabLine(model).draw(on: &frame, row: layout.tabs)
    if let top = model.helpTop {
        HelpPage(model).draw(on: &frame, top: top, rows: layout.body, glyphs: model.glyphs)
    } else if model.opened != nil {
        ClientPageLayout(model).draw(on: &frame, model: model, rows: layout.body)
    } else {
        ListView(model: model, layout: layout).draw(on: &frame)
        if model.sortMenu != nil { SortMenu(model).draw(on: &frame) }
    }
    Footer(model).draw(on: &frame, row: layout.footer)
    return frame
}
