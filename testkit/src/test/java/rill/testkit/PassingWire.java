package rill.testkit;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import rill.spi.Wire;
import rill.spi.WireListener;

/** Stands between a Wire and its listener and passes everything on. A planted fault overrides one thing. */
class PassingWire implements Wire, WireListener {
    WireListener listener;
    Wire real;
    PassingSelector selector;

    // ---- from the Wire to its listener

    @Override
    public void connected() {
        listener.connected();
    }

    @Override
    public ByteBuf readTarget() {
        return listener.readTarget();
    }

    @Override
    public void received(ByteBuf bytes) {
        listener.received(bytes);
    }

    @Override
    public void written(long bytes) {
        listener.written(bytes);
    }

    @Override
    public void writeFailed(Throwable cause) {
        listener.writeFailed(cause);
    }

    @Override
    public void inputEnded() {
        listener.inputEnded();
    }

    @Override
    public void closed(Throwable cause) {
        listener.closed(cause);
    }

    // ---- from the loop to the Wire

    @Override
    public void write(ByteBuf buffer) {
        real.write(buffer);
    }

    @Override
    public long flush() {
        return real.flush();
    }

    @Override
    public long retry() {
        return real.retry();
    }

    @Override
    public long unacknowledged() {
        return real.unacknowledged();
    }

    @Override
    public void pauseReads() {
        real.pauseReads();
    }

    @Override
    public void resumeReads() {
        real.resumeReads();
    }

    @Override
    public void shutdownOutput() {
        real.shutdownOutput();
    }

    @Override
    public void close() {
        real.close();
    }

    @Override
    public void abort() {
        real.abort();
    }

    @Override
    public <T> void set(SocketOption<T> option, T value) throws IOException {
        real.set(option, value);
    }

    @Override
    public <T> T get(SocketOption<T> option) throws IOException {
        return real.get(option);
    }

    @Override
    public SocketAddress localAddress() {
        return real.localAddress();
    }

    @Override
    public SocketAddress remoteAddress() {
        return real.remoteAddress();
    }
}
