package rill.testing;

import io.netty.buffer.ByteBuf;
import rill.spi.WireListener;

/** A listener of a wire that reports each event by its name. */
public abstract class NamedEvents implements WireListener {
    /** Called for each event, with the name of the method. */
    protected abstract void told(String event);

    @Override
    public void connected() {
        told("connected");
    }

    @Override
    public void received(ByteBuf bytes) {
        told("received");
    }

    @Override
    public void written(long bytes) {
        told("written");
    }

    @Override
    public void writeFailed(Throwable cause) {
        told("writeFailed");
    }

    @Override
    public void inputEnded() {
        told("inputEnded");
    }

    @Override
    public void closed(Throwable cause) {
        told("closed");
    }
}
