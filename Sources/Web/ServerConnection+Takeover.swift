import NIOCore

/// Upgrades and CONNECT: from HTTP to whatever else two peers agree on.
extension ServerConnection: RemovableChannelHandler {
    /// Hands the raw connection over, in place of an answer. What the peer has sent behind its request, in the same read or since, comes
    /// first of what the new handlers are to read; what comes later reaches them as the socket gives it. Until the channel closes it counts
    /// as a connection; nobody looks after it any more: idling, and peers that send or read nothing, are its taker's affair.
    ///
    /// - Parameters:
    ///   - status: For the request's observer.
    ///   - head: The whole head of a response, its empty line included; `nil` where nothing is to be said yet.
    ///   - install: Adds handlers at the end of the pipeline of a channel that is active and read. If it throws, the connection is reset.
    /// - Returns: Whether the connection was handed over. It is not before the request's body is complete, nor when an answer has
    ///   begun or the peer has gone, which writing the head may show, nor when `install` throws. The exchange hears nothing more in any case.
    public func handOver(status: Int, head: ByteBuffer?, to install: (any Channel) throws -> Void) -> Bool {
        guard let context, let early = phases.takenOver() else { return false }
        let channel = context.channel
        exchange = nil
        observe(status)
        settle()
        if let head { send(head) }
        // Writing closes the channel where the peer has reset it: then there is nothing to take over.
        guard !isGone else { return false }
        do {
            try install(channel)
        } catch {
            service.logger.debug("connection could not be handed over", metadata: ["err": "\(error)"])
            channel.closeWithReset()
            return false
        }
        if early.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(early))
            context.fireChannelReadComplete()
        }
        channel.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        // Whoever took it may have closed it already, as this was still told so: it has been counted out.
        guard !isGone else { return true }
        let closed = channel.closeFuture.assumeIsolated()
        if isWatched {
            // The peer has not read all yet, which the clock looks after until it has.
            left = channel
            closed.whenComplete { [weak self, service] _ in
                if let self { self.gone() } else { service.connectionClosed() }
            }
        } else {
            // Nothing of it is needed any more: a tunnel that lives for weeks need not keep it.
            closed.whenComplete { [service] _ in service.connectionClosed() }
        }
        return true
    }

    /// The channel has closed.
    func gone() {
        guard !isGone else { return }
        isGone = true
        left = nil
        clock.unwatchWrites(self)
        clock.endIdling(self)
        service.connectionClosed()
    }
}
