package rill;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream to a peer, with a pipeline on it: messages of type {@code R} come in, messages of type {@code W} go out.
 *
 * <p>Messages come in by {@link #receive} (you pull: the natural form in a Task; nothing is decoded ahead of demand) or by
 * {@link #onMessage} (they are pushed): one of the two.
 *
 * <p><b>Threading:</b> {@link #write}, {@link #flush}, {@link #shutdownOutput}, {@link #close}, {@link #abort} and
 * {@link #closed} from any thread; the rest on the connection's loop, or while nobody drives that: they throw
 * {@link IllegalStateException} while another thread does. Callbacks run on the loop.
 *
 * <p><b>Ownership:</b> a message that came in belongs to its receiver. {@link #write} takes the message: whatever it holds is
 * released exactly once, sent or not.
 *
 * <p><b>Errors:</b> what goes wrong reaches {@link #onFailure}, a pending {@link #receive}, or the loop's {@link Reporter}, in this
 * order, and then the connection closes.
 *
 * @param <R> what is read
 * @param <W> what is written
 */
public final class Connection<R, W> {
    private final Link link;
    private final Codec<R, W> codec;
    private @Nullable Receiver<R> receiver; // once one of the two forms is used

    Connection(Link link, Codec<R, W> codec) {
        this.link = link;
        this.codec = codec;
    }

    // ---- reading

    /**
     * The next message; null at the end of the peer's stream. Fails with what the connection fails with.
     *
     * <p>Several calls are answered in order.
     *
     * @throws IllegalStateException if {@link #onMessage} is used
     */
    public Future<@Nullable R> receive() {
        confined("receive");
        if (receiver instanceof Pulling<R> pulling) {
            return pulling.receive();
        }
        if (receiver != null) {
            throw new IllegalStateException("receive: " + link + " has an onMessage; use one of the two");
        }
        var pulling = new Pulling<R>(link);
        receiveBy(pulling);
        return pulling.receive();
    }

    private void receiveBy(Receiver<R> form) {
        receiver = form;
        link.receiver(form);
    }

    /**
     * Calls {@code handler} with each message, and {@code onEnd} at the end of the peer's stream. While {@code handler} runs
     * nothing more is decoded; {@link #pause} holds up what follows. What it throws goes to {@link #onFailure}.
     *
     * @throws IllegalStateException if {@link #receive} or {@code onMessage} was used before
     */
    public Connection<R, W> onMessage(Consumer<? super R> handler, Runnable onEnd) {
        return push(handler, Objects.requireNonNull(onEnd, "onEnd"));
    }

    /** {@link #onMessage(Consumer, Runnable)} that closes the connection at the end of the peer's stream. */
    public Connection<R, W> onMessage(Consumer<? super R> handler) {
        return push(handler, null);
    }

    private Connection<R, W> push(Consumer<? super R> handler, @Nullable Runnable onEnd) {
        confined("onMessage");
        if (receiver != null) {
            throw new IllegalStateException("onMessage: " + link + " is being read already; use one form, once");
        }
        receiveBy(new Pushing<>(link, Objects.requireNonNull(handler, "handler"), onEnd));
        return this;
    }

    /**
     * Tells {@code handler} of what goes wrong. The connection closes afterwards, unless the handler decides otherwise where
     * that is possible: see {@link Failure}. Replaces an earlier handler; stays in place across {@link #become}.
     */
    public Connection<R, W> onFailure(Consumer<? super Failure> handler) {
        confined("onFailure");
        link.onFailure(Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /** Holds up everything that comes in, at once: no message, no end and no close by the peer is told until {@link #resume}. */
    public void pause() {
        confined("pause");
        link.inbound().pause();
    }

    /** Undoes {@link #pause} and {@link #stop}. What has waited is delivered from a Handle, in order, before anything new. */
    public void resume() {
        confined("resume");
        link.inbound().resume();
    }

    /**
     * Stops decoding after the message that is being handled, as if the session had said so, until {@link #become} or
     * {@link #resume}: for when only the receiver knows that this message ends the protocol.
     */
    public void stop() {
        confined("stop");
        link.inbound().stopped(true);
    }

    /**
     * Goes on with another pipeline. What was written before leaves first; bytes that were read and not decoded enter the new
     * pipeline at its bottom. Byte layers that both pipelines share, at the bottom, stay as they are. Messages of the new pipeline
     * wait for a receiver of their own; a {@link #receive} that is still pending fails.
     *
     * @return the connection as its new pipeline types it; this one throws from now on, except for {@code closed}, {@code close}
     *     and {@code abort}
     * @throws IllegalStateException if a layer that is to be replaced has decoded bytes that would be lost, or if a layer still
     *     holds back writes
     */
    public <R2, W2> Connection<R2, W2> become(Pipeline<R2, W2> next) {
        confined("become");
        return link.become(next);
    }

    // ---- writing

    /**
     * Writes a message. It leaves soon: with others at the end of the tick, or earlier.
     *
     * @return done at once (a constant) while less than the high-water mark is waiting to leave, otherwise once that has gone down to
     *     the low-water mark: await it before you write more. On the loop it has failed already if the message was not written: it
     *     can't be encoded, the connection is closed, or as many bytes as the hard limit of {@link ConnectionLimits} are waiting. In
     *     that last case <b>this message is left out and the connection goes on</b>, which is reported if nobody looks at the
     *     Future. On another thread, done at once says only that there was room; what fails later reaches {@link #onFailure} or the
     *     {@link Reporter}
     */
    public Future<@Nullable Void> write(W message) {
        Loop loop = link.loop();
        if (loop.isCurrent()) {
            requireCurrent();
            return link.outbound().write(link.inbound().top(), message);
        }
        return writeFromOutside(loop, message);
    }

    private Future<@Nullable Void> writeFromOutside(Loop loop, W message) {
        int estimate = codec.sizeEstimate(message);
        Promise<@Nullable Void> accepted = loop.promise();
        Throwable refusal = loop.closed()
                ? new IOException(link + ": its loop is closed")
                : link.outbound().reserve(estimate);
        if (refusal != null) {
            Messages.release(message);
            Outbound.failWrite(accepted, refusal);
            return accepted;
        }
        boolean wait = link.outbound().aboveHighWaterMark();
        loop.enqueue(new OutsideWrite(estimate, message, accepted));
        return wait ? accepted : loop.accepted();
    }

    /** A message on its way from another thread. */
    private final class OutsideWrite extends Node {
        private final int estimate;
        private final W message;
        private final Promise<@Nullable Void> accepted;

        OutsideWrite(int estimate, W message, Promise<@Nullable Void> accepted) {
            this.estimate = estimate;
            this.message = message;
            this.accepted = accepted;
        }

        @Override
        void execute() {
            Outbound outbound = link.outbound();
            outbound.unreserve(estimate);
            if (!link.isCurrent(Connection.this)) {
                Messages.release(message);
                accepted.fail(new IllegalStateException(link + " has another pipeline now"));
                return;
            }
            outbound.write(link.inbound().top(), message).onDone((nothing, failure) -> {
                if (failure == null) {
                    accepted.complete(null);
                } else {
                    Outbound.failWrite(accepted, failure);
                }
            });
        }

        @Override
        void discard() {
            Messages.release(message);
            Outbound.failWrite(accepted, new IOException(link + ": its loop is closed"));
        }

        @Override
        String label() {
            return "write to " + link;
        }
    }

    /** Sends off what was written; done when the kernel has all of it, or failed with what prevents that. */
    public Future<@Nullable Void> flush() {
        if (link.loop().isCurrent()) {
            return link.outbound().flushed();
        }
        return link.loop()
                .<Future<@Nullable Void>>submit(() -> link.outbound().flushed())
                .flatMap(flushed -> flushed);
    }

    // ---- ending

    /**
     * Ends our stream after everything written: the peer sees the end of its input (TCP: FIN). Later writes fail, and what
     * sessions would answer by themselves is dropped; reading goes on, so that a peer which answers once it has all of a request can
     * be heard. Calling it again does nothing.
     */
    public void shutdownOutput() {
        onLoop("end of output", link::shutdownOutput);
    }

    /**
     * Closes in good order: everything written leaves, our stream is ended, what the peer still sends is thrown away until it
     * ends its own (within {@link ConnectionLimits}), so that a reset never destroys our last bytes. Nothing more is received.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> close() {
        onLoop("close", link::close);
        return closed();
    }

    /** Closes at once, with a reset; unsent bytes are lost. */
    public Future<@Nullable Void> abort() {
        onLoop("abort", link::abort);
        return closed();
    }

    private void onLoop(String what, Runnable action) {
        if (link.loop().isCurrent()) {
            action.run();
        } else {
            link.loop().enqueue(new Handle(link.loop(), what + " of ", link, action));
        }
    }

    /** Done, never failed, when the connection is gone, for whatever reason. */
    public Future<@Nullable Void> closed() {
        return link.closedFuture();
    }

    // ---- asking

    /** The loop that it belongs to. */
    public Loop loop() {
        return link.loop();
    }

    /** This end's address. */
    public SocketAddress localAddress() {
        return Objects.requireNonNull(link.wire().localAddress());
    }

    /** The peer's address. */
    public SocketAddress remoteAddress() {
        return link.wire().remoteAddress();
    }

    /** Sets a socket option. On the loop. */
    public <T> void option(SocketOption<T> option, T value) throws IOException {
        link.loop().requireConfined("option", link);
        link.wire().set(option, value);
    }

    /** Reads a socket option. On the loop. */
    public <T> T option(SocketOption<T> option) throws IOException {
        link.loop().requireConfined("option", link);
        return link.wire().get(option);
    }

    private void confined(String what) {
        link.loop().requireConfined(what, link);
        requireCurrent();
    }

    private void requireCurrent() {
        if (!link.isCurrent(this)) {
            throw new IllegalStateException(link + " has another pipeline now; use what become() returned");
        }
    }

    @Override
    public String toString() {
        return link.toString();
    }
}
