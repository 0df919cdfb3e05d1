/// What a key makes the model do.
enum Action: Hashable, Sendable, CaseIterable {
    case lineUp, lineDown, pageUp, pageDown, first, last, columnsLeft, columnsRight
    case open, back, filter, cycleFilter, group, cycleTime, chooseSort, sortPrevious, sortNext, reverse
    case nextView, previousView, pause, faster, slower, refresh, help, quit
}
