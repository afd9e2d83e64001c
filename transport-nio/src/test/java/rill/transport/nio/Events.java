package rill.transport.nio;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Records what a Wire reports. */
final class Events implements WireListener {
    final List<String> log = new ArrayList<>();
    final StringBuilder text = new StringBuilder();
    Runnable onRead = () -> {};
    Runnable connectedThen = () -> {};
    Runnable onWritten = () -> {};
    Runnable onClosed = () -> {};
    Wire wire;
    long written;
    boolean closed;
    Throwable cause;

    private void log(String event) {
        if (closed) {
            throw new AssertionError(event + " after closed");
        }
        log.add(event);
    }

    @Override
    public void connected() {
        log("connected");
        connectedThen.run();
    }

    @Override
    public void received(ByteBuf bytes) {
        log("read");
        text.append(bytes.toString(StandardCharsets.UTF_8));
        onRead.run();
    }

    @Override
    public void written(long bytes) {
        log("written");
        written += bytes;
        onWritten.run();
    }

    @Override
    public void writeFailed(Throwable why) {
        log("writeFailed");
    }

    @Override
    public void inputEnded() {
        log("inputEnded");
    }

    @Override
    public void closed(Throwable why) {
        log("closed");
        closed = true;
        cause = why;
        onClosed.run();
    }
}
