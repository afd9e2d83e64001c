package rill;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A stream to a peer, with a pipeline on it: messages of type {@code R} come in, messages of type {@code W} go out.
 *
 * <p>Messages come in by {@link #receive} (you pull: the natural form in a Task; nothing is decoded ahead of demand) or by
 * {@link #onMessage} (they are pushed): one of the two.
 *
 * <p><b>Threading:</b> {@link #write}, {@link #flush}, {@link #shutdownOutput}, {@link #close}, {@link #finish}, {@link #abort},
 * {@link #closed} and {@link #isOpen} from any thread; the rest on the connection's loop, or while nobody drives that: they throw
 * {@link IllegalStateException} while another thread does. Callbacks run on the loop.
 *
 * <p><b>Ownership:</b> a message that came in belongs to its receiver. {@link #write} takes the message: whatever it holds is
 * released exactly once, sent or not.
 *
 * <p><b>Errors:</b> what goes wrong reaches {@link #onFailure}, a pending {@link #receive}, or the loop's {@link Reporter}, in this
 * order, and then the connection closes. What the peer sent before a failure of the network is received before it. If nobody takes it, the
 * failure is told all the same, and after twelve times {@link ConnectionLimits#closeProgress} in which nothing was taken the rest is dropped.
 *
 * <p><b>A loop that closes</b> is to the receiver of an accepted connection as the end of the peer's stream: a pending {@code receive} gives
 * null, {@code onEnd} is called. Whoever receives then finishes what it has received and closes the connection; see
 * {@link Loop#close(java.time.Duration)} and {@link #onFinish}.
 *
 * @param <R> what is read
 * @param <W> what is written
 */
public final class Connection<R, W> implements AutoCloseable {
    private final Link link;
    private final Pipeline<R, W> pipeline;
    private @Nullable Receiver<R> receiver; // once one of the two forms is used

    Connection(Link link, Pipeline<R, W> pipeline) {
        this.link = link;
        this.pipeline = pipeline;
    }

    // ---- reading

    /**
     * The next message; null at the end of the peer's stream, or if the loop closes and this connection was accepted. Fails with what the
     * connection fails with.
     *
     * <p>Several calls are answered in order. A message whose call was given up before anybody saw it is for the next one.
     *
     * <p><b>Not guaranteed:</b> the order, if several calls are pending and one is given up in the tick in which messages came for it and
     * for later ones; its message then comes after theirs.
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
        link.audience().onFailure(Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /**
     * Calls {@code handler} on the loop, once, when the loop closes in good order: for a push form, whose work in progress nobody else knows
     * of. From then on no message is handed out any more. Whoever sets it closes the connection when that work is done, and has until the
     * deadline of {@link Loop#close(java.time.Duration)}. Without it, the loop does as at the end of the peer's stream. Stays in place
     * across {@link #become}.
     */
    public Connection<R, W> onFinish(Runnable handler) {
        confined("onFinish");
        link.finishing().onFinish(Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /**
     * {@link #onFinish} for protocols of which several messages are one to their users, such as the pieces of a body: messages are handed out as before, so
     * that what had begun is received to its end. Replaces a handler of {@code onFinish}, and is replaced by one. Being of these messages, it ends with
     * {@link #become}: if the loop is closing by then, the new protocol is told so when it has a receiver.
     */
    public Connection<R, W> onFinishing(Runnable handler) {
        confined("onFinishing");
        link.finishing().onFinishing(Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /**
     * Holds up everything that comes in, at once: no message, no end and no close by the peer is told until {@link #resume}. A write that
     * fails is, to whoever writes, and after a while to {@link #onFailure}.
     */
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
     * wait for a receiver of their own; a {@link #receive} that is still pending fails. On a connection that has failed, what is left of
     * its input enters the new pipeline, and then its receiver is told of the failure; on one that is closing or closed it is told so at once.
     *
     * @return the connection as its new pipeline types it. On this one {@code receive}, {@code onMessage}, {@code onFailure}, {@code onFinish},
     *     {@code pause}, {@code resume}, {@code stop}, {@code become}, and {@code write} on the loop, throw from now on; what another thread
     *     writes by it is dropped, and reported as a failure; the other methods act on the connection as it is
     * @throws IllegalStateException if a layer that is to be replaced has decoded bytes that would be lost, or if a layer still
     *     holds back writes; nothing has changed then, nor if a codec throws when it opens its session
     */
    public <R2, W2> Connection<R2, W2> become(Pipeline<R2, W2> next) {
        confined("become");
        return Installation.become(link, next);
    }

    /**
     * {@link #become(Pipeline)} with another codec on top of the byte layers that there are, whatever they are: for protocols that begin within another
     * one, and don't know what that was put on.
     */
    public <R2, W2> Connection<R2, W2> become(Codec<R2, W2> next) {
        confined("become");
        return Installation.become(link, Objects.requireNonNull(next, "next"));
    }

    // ---- writing

    /**
     * Writes a message. It leaves soon: with others at the end of the tick, or earlier.
     *
     * <p><b>Not written:</b> a message that can't be encoded, or that comes while as many bytes as the hard limit of
     * {@link ConnectionLimits} are waiting to leave. Then the Future fails, and <b>the connection fails with it</b>: {@link #onFailure}
     * is told, at once and in the order of the writes, and unless it carries on, nothing that is written later leaves. So a stream has
     * no gap that its owner has not asked for. Of messages of other threads that are refused before the loop has heard of it, it is
     * told once. A message after the one that its protocol has last ({@link OutputEndedException}) leaves no gap: only its Future fails.
     *
     * <p><b>From other threads</b> a message is admitted against the hard limit when this is called, by the estimate of its codec
     * ({@link Codec#sizeEstimate}), together with all that are on their way. One that was admitted is not refused for the limit
     * later. It fails only with the connection.
     *
     * @return done at once (a constant) while less than the high-water mark is waiting to leave, otherwise once that has gone down to
     *     the low-water mark: await it before you write more. On the loop it has failed already if the message was not written. On
     *     another thread, done at once says that the message was admitted; what fails later reaches {@link #onFailure} or the
     *     {@link Reporter}. It is the caller's own: to cancel it, or to limit its time, concerns no other write, and does not take
     *     the message back
     * @throws IllegalStateException if a codec or a layer of this connection calls it from within a call of its session
     */
    public Future<@Nullable Void> write(W message) {
        Objects.requireNonNull(message, "message");
        Loop loop = link.loop();
        if (loop.isCurrent()) {
            requireCurrent();
            return link.outbound().write(link.stack().top(), message);
        }
        return writeFromOutside(loop, message);
    }

    private Future<@Nullable Void> writeFromOutside(Loop loop, W message) {
        Outbound outbound = link.outbound();
        int estimate = weight(message);
        Throwable refusal;
        try {
            refusal = loop.closed() ? loopClosed() : outbound.reservations().reserve(estimate);
        } catch (Throwable t) { // no memory
            Messages.release(message);
            throw t;
        }
        if (refusal != null) {
            Messages.release(message);
            Promise<@Nullable Void> refused = loop.promise();
            Waiters.fail(refused, refusal);
            return refused;
        }
        try {
            Promise<@Nullable Void> accepted = outbound.aboveHighWaterMark() ? loop.promise() : null;
            loop.enqueue(new OutsideWrite(estimate, message, accepted));
            return accepted == null ? loop.accepted() : accepted;
        } catch (Throwable t) { // no memory, or who drives the loop
            outbound.reservations().giveBack(estimate);
            Messages.release(message);
            throw t;
        }
    }

    private IOException loopClosed() {
        return new IOException(link + ": its loop is closed");
    }

    /** A message on its way from another thread: admitted, with room reserved for it. */
    private final class OutsideWrite extends Node {
        private final int estimate;
        private final W message;
        private final @Nullable Promise<@Nullable Void> accepted; // null: its writer was told that it is

        OutsideWrite(int estimate, W message, @Nullable Promise<@Nullable Void> accepted) {
            this.estimate = estimate;
            this.message = message;
            this.accepted = accepted;
        }

        @Override
        void execute() {
            link.outbound().reservations().giveBack(estimate);
            try {
                write();
            } finally {
                link.admittedArrived();
            }
        }

        private void write() {
            if (link.isCurrent(Connection.this)) {
                link.outbound().writeAdmitted(link.stack().top(), message, accepted);
            } else {
                var replaced = new IllegalStateException(link + " has another pipeline now");
                drop(replaced);
                link.outbound().dropped(replaced);
            }
        }

        @Override
        void discard() {
            link.outbound().reservations().giveBack(estimate);
            drop(loopClosed());
        }

        private void drop(Throwable cause) {
            Messages.release(message);
            if (accepted != null) {
                Waiters.fail(accepted, cause);
            }
        }

        @Override
        String label() {
            return "write to " + link;
        }
    }

    /** Sends off what was written; done when the kernel has all of it, or failed with what prevents that. */
    public Future<@Nullable Void> flush() {
        if (link.loop().isCurrent()) {
            return link.outbound().flushed(false);
        }
        Promise<@Nullable Void> flushed = link.loop().promise();
        link.loop().enqueue(new OutsideFlush(flushed));
        return flushed;
    }

    /** A flush on its way from another thread. */
    private final class OutsideFlush extends Node {
        private final Promise<@Nullable Void> flushed;
        private final boolean askedInTime = link.outbound().closed() == null;

        OutsideFlush(Promise<@Nullable Void> flushed) {
            this.flushed = flushed;
        }

        @Override
        void execute() {
            try {
                link.outbound().flushed(askedInTime).onDone((nothing, failure) -> {
                    if (failure == null) {
                        flushed.complete(null);
                    } else {
                        Waiters.fail(flushed, failure);
                    }
                });
            } catch (Throwable t) {
                Waiters.fail(flushed, t);
            }
        }

        @Override
        void discard() {
            Waiters.fail(flushed, new IOException("flush: " + link + ": its loop is closed"));
        }

        @Override
        String label() {
            return "flush of " + link;
        }
    }

    // ---- ending

    /**
     * Ends our stream after everything written: the peer sees the end of its input (TCP: FIN). Later writes fail, and what
     * sessions would answer by themselves is dropped; reading goes on, so that a peer which answers once it has all of a request can
     * be heard. Calling it again does nothing.
     */
    public void shutdownOutput() {
        link.onLoop("end of output", link::shutdownOutput);
    }

    /**
     * Closes in good order: everything written leaves, our stream is ended, what the peer still sends is thrown away until it
     * ends its own (within {@link ConnectionLimits}), so that a reset never destroys our last bytes. Nothing more is received.
     *
     * <p>If the network fails meanwhile, the connection ends, and {@link #onFailure} is not told, since most peers that have their answer go away. Who has to
     * know whether everything has left asks for {@link #flush} before. What a layer still holds back in its handshake was never sent, and that it can't be
     * is a failure.
     *
     * <p>Begins all of this and does not wait, so it may be called anywhere, by try-with-resources as well. {@link #finish} tells when it is
     * over; {@link Loop#close()} waits for it. Calling it again does nothing.
     */
    @Override
    public void close() {
        link.onLoop("close", link::close);
    }

    /**
     * {@link #close() Closes}, and tells when that is over.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> finish() {
        close();
        return closed();
    }

    /**
     * Closes at once, with a reset; unsent bytes are lost.
     *
     * @return {@link #closed()}
     */
    public Future<@Nullable Void> abort() {
        link.onLoop("abort", link::abort);
        return closed();
    }

    /**
     * Done, never failed, when the connection is gone, for whatever reason. Usually that is after the last message; but if something that
     * the peer sent before waits for a receiver that takes nothing, {@code closed} does not wait for that; and a connection that is paused
     * does not hear of its peer at all. A Future of the caller's own: cancelling it, or using it in {@code any} and {@code timeout},
     * concerns nobody else.
     */
    public Future<@Nullable Void> closed() {
        return link.audience().closed();
    }

    // ---- asking

    /**
     * Whether messages can still be written: not once it was closed, has failed, or its output was shut down. Of a peer that has gone away this
     * tells nothing until that shows.
     */
    public boolean isOpen() {
        return link.outbound().closed() == null;
    }

    /**
     * How many bytes were written and have not left, a snapshot from any thread: of a peer that takes them, be it slowly, it becomes less, and of one that takes
     * nothing it does not.
     */
    public long pending() {
        return link.outbound().pending();
    }

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

    /**
     * What a layer or the codec has found out about this connection, such as the version of its protocol: see {@link Session#info}. On the
     * loop.
     *
     * @return empty if none has found out such a thing (yet)
     */
    public <T> Optional<T> info(Class<T> type) {
        link.loop().requireConfined("info", link);
        return Optional.ofNullable(link.stack().info(type));
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

    Link link() {
        return link;
    }

    Pipeline<R, W> pipeline() {
        return pipeline;
    }

    /** For how many bytes a message counts until it is encoded. */
    int weight(W message) {
        return Messages.weight(pipeline.codec(), message, link.limits());
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
