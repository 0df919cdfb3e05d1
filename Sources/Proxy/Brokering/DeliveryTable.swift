/// The deliveries that serve a name, or have taken what is still under way, each at a place of its own for as long as that is so.
///
/// Places are no optionals: a field of one is then read and changed where it lies, and no scrape copies a delivery to look at its room.
struct DeliveryTable<Port: Sendable>: Sendable {
    private var places: [Delivery<Port>] = []
    private var free: [Int] = []

    mutating func insert(_ delivery: Delivery<Port>) -> Int {
        guard let index = free.popLast() else {
            places.append(delivery)
            return places.count - 1
        }
        places[index] = delivery
        return index
    }

    /// Takes a delivery out of service. It keeps its place while something that it has taken is under way.
    ///
    /// - Returns: The delivery as it was; `nil` when it was out of service before.
    mutating func retire(_ index: Int) -> Delivery<Port>? {
        guard places[index].isInService else { return nil }
        guard places[index].taken > 0 else { return remove(index) }
        let delivery = places[index]
        places[index].retire()
        return delivery
    }

    @discardableResult
    mutating func remove(_ index: Int) -> Delivery<Port> {
        var delivery = Delivery<Port>.nobody
        swap(&delivery, &places[index])
        free.append(index)
        return delivery
    }

    /// Whether this delivery is here, and not another that has its place.
    func contains(_ id: DeliveryID) -> Bool {
        places.indices.contains(id.index) && places[id.index].generation == id.generation
    }

    /// The delivery at a place that `insert` gave out.
    subscript(index: Int) -> Delivery<Port> {
        _read { yield places[index] }
        _modify { yield &places[index] }
    }
}
