package rill.testkit;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.spi.Wire;
import rill.spi.WireListener;

/**
 * One end of a connection: a Wire, and what its listener was told. Whatever a test is about, this checks what holds always: the order
 * of events, that nothing comes while paused or after the end, exact counts, and that buffers have come back before {@code closed}.
 */
final class End implements WireListener {
    private static final int MANY = 100;

    private final Rig rig;
    private final Side side;
    private final List<String> events = new ArrayList<>();
    private final List<ByteBuf> buffers = new ArrayList<>();
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private @Nullable Wire wire;
    private boolean patterned;
    private boolean paused;
    private boolean closing; // by this side
    private boolean connected;
    private boolean inputEnded;
    private boolean writeFailed;
    private boolean closed;
    private @Nullable Throwable cause;
    private long appended;
    private long flushed;
    private long written;
    private long read;
    private long reads;

    private Consumer<End> onConnected = end -> {};
    private Consumer<ByteBuf> onRead = bytes -> {};
    private Consumer<End> onWritten = end -> {};
    private Consumer<End> onEnd = end -> {};
    private Consumer<End> onClosed = end -> {};
    private Supplier<@Nullable ByteBuf> hint = () -> null;
    private @Nullable ByteBuf offered;

    End(Rig rig, Side side) {
        this.rig = rig;
        this.side = side;
        rig.add(this);
    }

    // ---- what a test does

    void wire(Wire opened) {
        wire = opened;
    }

    Wire wire() {
        return Objects.requireNonNull(wire);
    }

    End onConnected(Consumer<End> then) {
        onConnected = then;
        return this;
    }

    End onRead(Consumer<ByteBuf> then) {
        onRead = then;
        return this;
    }

    End onWritten(Consumer<End> then) {
        onWritten = then;
        return this;
    }

    End onEnd(Consumer<End> then) {
        onEnd = then;
        return this;
    }

    End onClosed(Consumer<End> then) {
        onClosed = then;
        return this;
    }

    End hint(Supplier<@Nullable ByteBuf> newHint) {
        hint = newHint;
        return this;
    }

    /** Compares what comes with {@link Pattern}, in place of keeping it. */
    End patterned() {
        patterned = true;
        return this;
    }

    End write(String text) {
        return write(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    /** Writes a buffer that nobody else has. */
    End write(ByteBuf buffer) {
        appended += buffer.readableBytes();
        if (buffers.size() > MANY) {
            buffers.removeIf(each -> each.refCnt() == 0); // a released buffer may keep its memory while it is reachable
        }
        buffers.add(buffer);
        wire().write(buffer);
        return this;
    }

    /** Writes so many bytes more of {@link Pattern}. */
    End writePattern(int bytes) {
        return write(Pattern.buffer(appended, bytes));
    }

    End flush() {
        long n = wire().flush();
        rig.require(n >= 0, "flush returned a negative count");
        flushed += n;
        checkCounts();
        return this;
    }

    End retry() {
        long n = wire().retry();
        rig.require(n >= 0, "retry returned a negative count");
        flushed += n;
        checkCounts();
        return this;
    }

    void pause() {
        paused = true;
        wire().pauseReads();
    }

    void resume() {
        paused = false;
        wire().resumeReads();
    }

    void close() {
        closing = true;
        wire().close();
    }

    void abort() {
        closing = true;
        wire().abort();
    }

    // ---- what a test asks

    boolean isConnected() {
        return connected;
    }

    boolean hasEnded() {
        return inputEnded;
    }

    boolean hasFailed() {
        return writeFailed;
    }

    boolean isClosed() {
        return closed;
    }

    @Nullable
    Throwable cause() {
        return cause;
    }

    String text() {
        return received.toString(StandardCharsets.ISO_8859_1);
    }

    long read() {
        return read;
    }

    long reads() {
        return reads;
    }

    /** Bytes that have left, as far as this side was told. */
    long left() {
        return flushed + written;
    }

    /** Bytes written and not known to have left. */
    long outstanding() {
        return appended - left();
    }

    long appended() {
        return appended;
    }

    boolean allReleased() {
        return buffers.stream().allMatch(each -> each.refCnt() == 0);
    }

    /** What was told, in order; {@code written} left out (a flush may say it first), and repeated reads as one. */
    List<String> story() {
        var story = new ArrayList<String>();
        for (String event : events) {
            boolean again =
                    event.equals("read") && !story.isEmpty() && story.getLast().equals("read");
            if (!again && !event.equals("written")) {
                story.add(event);
            }
        }
        return story;
    }

    // ---- WireListener

    private void event(String name, Runnable body) {
        side.callback(name, () -> {
            rig.require(!closed, name + " was told after closed, which is the last event");
            rig.require(
                    connected || name.equals("connected") || name.startsWith("closed"),
                    name + " was told before connected");
            rig.require(!closing || name.startsWith("closed"), name + " was told after this side had closed");
            rig.require(
                    !paused || !(name.equals("read") || name.equals("inputEnded")),
                    name + " was told while reads were paused");
            events.add(name);
            body.run();
        });
    }

    @Override
    public void connected() {
        event("connected", () -> {
            rig.require(!connected, "connected was told twice");
            connected = true;
            onConnected.accept(this);
        });
    }

    @Override
    public @Nullable ByteBuf readTarget() {
        offered = hint.get();
        return offered;
    }

    @Override
    public void read(ByteBuf bytes) {
        event("read", () -> {
            rig.require(!inputEnded, "read was told after inputEnded");
            rig.require(bytes.isReadable(), "read was told with no bytes");
            reads++;
            if (patterned) {
                long differs = Pattern.mismatch(read, bytes);
                rig.require(differs < 0, "byte " + differs + " of the stream is not what was written there");
            } else {
                byte[] copy = new byte[bytes.readableBytes()];
                bytes.getBytes(bytes.readerIndex(), copy);
                received.writeBytes(copy);
            }
            read += bytes.readableBytes();
            onRead.accept(bytes);
            if (bytes == offered) {
                bytes.clear(); // it is ours, and the bytes are counted
            }
        });
    }

    @Override
    public void written(long bytes) {
        event("written", () -> {
            rig.require(bytes >= 1, "written was told with " + bytes + " bytes");
            written += bytes;
            checkCounts();
            onWritten.accept(this);
        });
    }

    private void checkCounts() {
        rig.require(
                left() <= appended,
                "more bytes were reported as written (" + left() + ") than there were: " + appended);
    }

    @Override
    public void writeFailed(Throwable why) {
        event("writeFailed", () -> {
            rig.require(!writeFailed, "writeFailed was told twice");
            rig.require(allReleased(), "writeFailed was told before every buffer was released");
            writeFailed = true;
            cause = why;
        });
    }

    @Override
    public void inputEnded() {
        event("inputEnded", () -> {
            rig.require(!writeFailed, "inputEnded was told after writeFailed");
            rig.require(!inputEnded, "inputEnded was told twice");
            inputEnded = true;
            onEnd.accept(this);
        });
    }

    @Override
    public void closed(@Nullable Throwable why) {
        event(why == null ? "closed" : "closed with a cause", () -> {
            rig.require(allReleased(), "closed was told before every buffer was released");
            rig.require(why == null || !closing, "closed was told with a cause although this side had closed: " + why);
            rig.require(why != null || closing, "closed was told without a cause although this side had not closed");
            rig.require(!writeFailed || closing || why == cause, "closed was told with another cause than writeFailed");
            closed = true;
            cause = why;
            onClosed.accept(this);
        });
    }

    @Override
    public String toString() {
        return events + (cause == null ? "" : " because of " + cause);
    }
}
