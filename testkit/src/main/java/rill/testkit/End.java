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
 * One end of a connection: a Wire, and the events that its listener has received. Whatever a test is about, this checks what always holds: the order
 * of events, that nothing is delivered while paused or after the end, exact counts, and that all buffers have come back before {@code closed}.
 */
final class End implements WireListener {
    private static final int MANY = 100;
    private static final int SHOWN = 8;

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
    private boolean readInTurn;

    private Consumer<End> onConnected = end -> {};
    private Consumer<ByteBuf> onRead = bytes -> {};
    private Consumer<End> onWritten = end -> {};
    private Consumer<End> onEnd = end -> {};
    private Consumer<End> onClosed = end -> {};
    private Supplier<@Nullable ByteBuf> hint = () -> null;
    private @Nullable ByteBuf offered;
    private @Nullable String throwing; // the event at which the listener breaks its contract

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

    /** Throws an Error at this event, contrary to the contract of listeners. */
    End throwAt(String event) {
        throwing = event;
        return this;
    }

    private void throwIf(String event) {
        if (event.equals(throwing)) {
            throwing = null;
            throw new AssertionError("thrown by a listener at " + event);
        }
    }

    /** Compares received bytes with {@link Pattern} instead of keeping them. */
    End patterned() {
        patterned = true;
        return this;
    }

    End write(String text) {
        return write(Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1));
    }

    /** Writes a buffer that nobody else holds. */
    End write(ByteBuf buffer) {
        appended += buffer.readableBytes();
        if (buffers.size() > MANY) {
            buffers.removeIf(each -> each.refCnt() == 0); // a released buffer may keep its memory while it is reachable
        }
        buffers.add(buffer);
        wire().write(buffer);
        return this;
    }

    /** Writes a buffer that others hold as well, and whose release is not checked. */
    End writeShared(ByteBuf buffer) {
        appended += buffer.readableBytes();
        wire().write(buffer);
        return this;
    }

    /** Writes this many further bytes of {@link Pattern}. */
    End writePattern(int bytes) {
        return write(Pattern.buffer(appended, bytes));
    }

    End flush() {
        rig.watch.begins("flush", 0);
        long n;
        try {
            n = wire().flush();
        } finally {
            rig.watch.ends();
        }
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

    /** Returns the number of bytes that have left, as far as this side knows. */
    long left() {
        return flushed + written;
    }

    /** Returns the number of bytes written that are not known to have left. */
    long outstanding() {
        return appended - left();
    }

    long appended() {
        return appended;
    }

    boolean allReleased() {
        return buffers.stream().allMatch(each -> each.refCnt() == 0);
    }

    /** Returns the events in order, without {@code written} (a flush may report it first), and with repeated reads as one. */
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
            rig.require(!closed, Rule.CLOSED_IS_LAST, name + " was told after closed, which is the last event");
            rig.require(
                    connected || name.equals("connected") || name.startsWith("closed"),
                    Rule.ORDER,
                    name + " was told before connected");
            rig.require(
                    !closing || name.startsWith("closed"),
                    Rule.AFTER_OWN_CLOSE,
                    name + " was told after this side had closed");
            rig.require(
                    !paused || !(name.equals("read") || name.equals("inputEnded")),
                    Rule.PAUSED,
                    name + " was told while reads were paused");
            events.add(name);
            rig.told();
            body.run();
        });
        throwIf(name);
    }

    @Override
    public void connected() {
        event("connected", () -> {
            rig.require(!connected, Rule.ORDER, "connected was told twice");
            connected = true;
            onConnected.accept(this);
        });
    }

    @Override
    public @Nullable ByteBuf readTarget() {
        throwIf("readTarget");
        offered = hint.get();
        return offered;
    }

    @Override
    public void received(ByteBuf bytes) {
        event("read", () -> {
            rig.require(!inputEnded, Rule.ONE_END, "read was told after inputEnded");
            rig.require(bytes.isReadable(), Rule.SOMETHING_READ, "read was told with no bytes");
            reads++;
            readInTurn = true;
            if (patterned) {
                long differs = Pattern.mismatch(read, bytes);
                rig.require(
                        differs < 0, Rule.STREAM, "byte " + differs + " of the stream is not what was written there");
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
    public void turnEnded() {
        rig.require(!closed, Rule.CLOSED_IS_LAST, "turnEnded was told after closed, which is the last event");
        rig.require(
                readInTurn, Rule.SOMETHING_READ, "turnEnded was told although nothing had been read since the last");
        readInTurn = false;
    }

    @Override
    public void written(long bytes) {
        event("written", () -> {
            rig.require(bytes >= 1, Rule.SOMETHING_WRITTEN, "written was told with " + bytes + " bytes");
            written += bytes;
            checkCounts();
            onWritten.accept(this);
        });
    }

    private void checkCounts() {
        rig.require(
                left() <= appended,
                Rule.COUNTED_ONCE,
                "more bytes were reported as written (" + left() + ") than there were: " + appended);
    }

    @Override
    public void writeFailed(Throwable why) {
        event("writeFailed", () -> {
            rig.require(!writeFailed, Rule.ONE_FAILURE, "writeFailed was told twice");
            rig.require(
                    allReleased(), Rule.RELEASED_IF_FAILED, "writeFailed was told before every buffer was released");
            writeFailed = true;
            cause = why;
        });
    }

    @Override
    public void inputEnded() {
        event("inputEnded", () -> {
            rig.require(!writeFailed, Rule.ONE_FAILURE, "inputEnded was told after writeFailed");
            rig.require(!inputEnded, Rule.ONE_END, "inputEnded was told twice");
            inputEnded = true;
            onEnd.accept(this);
        });
    }

    @Override
    public void closed(@Nullable Throwable why) {
        event(why == null ? "closed" : "closed with a cause", () -> {
            rig.require(allReleased(), Rule.RELEASED, "closed was told before every buffer was released");
            rig.require(
                    why == null || !closing,
                    Rule.CAUSE,
                    "closed was told with a cause although this side had closed: " + why);
            rig.require(
                    why != null || closing,
                    Rule.CAUSE,
                    "closed was told without a cause although this side had not closed");
            rig.require(
                    !writeFailed || closing || why == cause,
                    Rule.SAME_CAUSE,
                    "closed was told with another cause than writeFailed");
            closed = true;
            cause = why;
            onClosed.accept(this);
        });
    }

    @Override
    public String toString() {
        return told() + (cause == null ? "" : " because of " + cause);
    }

    /** Returns all events in short form: repetitions are counted, and of a long list only the beginning and the end are kept. */
    private String told() {
        var runs = new ArrayList<String>();
        for (int i = 0, next; i < events.size(); i = next) {
            for (next = i + 1; next < events.size() && events.get(next).equals(events.get(i)); next++) {}
            runs.add(next - i == 1 ? events.get(i) : events.get(i) + " ×" + (next - i));
        }
        int left = runs.size() - 2 * SHOWN;
        if (left > 0) {
            runs.subList(SHOWN, SHOWN + left).clear();
            runs.add(SHOWN, "… " + left + " more …");
        }
        return runs + (read > 0 ? " after " + read + " bytes" : "");
    }
}
