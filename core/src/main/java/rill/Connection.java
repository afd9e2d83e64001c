package rill;

import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A stream to a peer, with a pipeline on it: messages of type {@code R} come in, messages of type {@code W} go out.
 *
 * <p>Messages are received either by {@link #receive} (pull: the natural form in a Task; nothing is decoded ahead of demand) or by {@link #onMessage}
 * (push), not by both.
 *
 * <p><b>Threading:</b> {@link #write}, {@link #flush}, {@link #shutdownOutput}, {@link #close}, {@link #finish}, {@link #abort}, {@link #closed},
 * {@link #isOpen}, {@link #pending}, {@link #loop}, {@link #localAddress} and {@link #remoteAddress} may be called from any thread; the rest on the
 * connection's loop, or while nobody drives it. They throw {@link IllegalStateException} while another thread does. Callbacks run on the loop.
 *
 * <p><b>Ownership:</b> a message that came in belongs to its receiver. {@link #write} takes over the message: whatever it holds is released exactly
 * once, sent or not.
 *
 * <p><b>Errors:</b> a failure is delivered to {@link #onFailure} and then to a pending {@link #receive}, or, if there is neither, to the loop's
 * {@link Reporter}; then the connection closes. What the peer sent before a failure of the network is received before the failure. If nobody takes
 * it, the failure is delivered anyway, and the rest is dropped after nothing was taken for twelve times {@link ConnectionLimits#closeProgress}.
 *
 * <p><b>A closing loop</b> looks to the receiver of an accepted connection like the end of the peer's stream: a pending {@code receive} completes
 * with null, or {@code onEnd} is called. The receiver then finishes what it has received and closes the connection; see
 * {@link Loop#close(java.time.Duration)} and {@link #onFinish}.
 *
 * @param <R> what is read
 * @param <W> what is written
 */
public final class Connection<R, W> implements AutoCloseable {
    private final Link link;
    private final Pipeline<R, W> pipeline;
    private @Nullable Receiver<R> receiver; // null until one of the two forms is used

    Connection(Link link, Pipeline<R, W> pipeline) {
        this.link = link;
        this.pipeline = pipeline;
    }

    // ---- reading

    /**
     * Returns the next message; null at the end of the peer's stream, or if the loop closes and this connection was accepted. Fails with the cause if
     * the connection fails.
     *
     * <p>Several pending calls are answered in order. If a call was given up before anyone saw its message, the message goes to the next call.
     *
     * <p><b>Not guaranteed:</b> the order, if several calls are pending and one is given up in the tick in which messages arrived for it and for
     * later ones; its message then comes after theirs.
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
     * Calls {@code handler} with each message, and {@code onEnd} at the end of the peer's stream. While {@code handler} runs, nothing more is
     * decoded; {@link #pause} holds up what follows. What it throws is passed to {@link #onFailure}.
     *
     * @throws IllegalStateException if {@link #receive} or {@code onMessage} was used before
     */
    public Connection<R, W> onMessage(Consumer<? super R> handler, Runnable onEnd) {
        return push(handler, Objects.requireNonNull(onEnd, "onEnd"));
    }

    /** {@link #onMessage(Consumer, Runnable)} which closes the connection at the end of the peer's stream. */
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
     * Notifies {@code handler} of failures. The connection closes afterwards, unless the handler decides otherwise where that is possible: see
     * {@link Failure}. Replaces an earlier handler; stays in place across {@link #become}.
     */
    public Connection<R, W> onFailure(Consumer<? super Failure> handler) {
        confined("onFailure");
        link.audience().onFailure(Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /**
     * Calls {@code handler} on the loop, once, when the loop closes in good order. This is for the push form, whose work in progress the loop does
     * not know about. From then on no messages are delivered. The handler's owner must close the connection when that work is done, and has until the
     * deadline of {@link Loop#close(java.time.Duration)}. Without a handler, the loop acts as at the end of the peer's stream. Stays in place across
     * {@link #become}.
     */
    public Connection<R, W> onFinish(Runnable handler) {
        confined("onFinish");
        link.finishing().onFinish(Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /**
     * {@link #onFinish} for protocols in which several messages form one unit for their users, such as the pieces of a body: messages are still
     * delivered, so that a unit that has begun is received to its end. Replaces a handler of {@code onFinish}, and is replaced by one. Since it
     * concerns these messages, it ends with {@link #become}: if the loop is closing by then, the new protocol is notified when it has a receiver.
     */
    public Connection<R, W> onFinishing(Runnable handler) {
        confined("onFinishing");
        link.finishing().onFinishing(Objects.requireNonNull(handler, "handler"));
        return this;
    }

    /**
     * Holds up all input, at once: no message, no end of stream and no close by the peer is delivered until {@link #resume}. A write that fails is
     * still reported to its writer, and after a while to {@link #onFailure}.
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
     * Stops decoding after the message that is being handled, as if the session had asked for it, until {@link #become} or {@link #resume}. For cases
     * in which only the receiver knows that this message ends the protocol.
     */
    public void stop() {
        confined("stop");
        link.inbound().stop();
    }

    /**
     * Continues with another pipeline. What was written before leaves first; bytes that were read but not decoded enter the new pipeline at its
     * bottom. Byte layers at the bottom that both pipelines share stay as they are. Messages of the new pipeline wait for their own receiver; a
     * {@link #receive} that is still pending fails. If the connection has failed, the rest of its input enters the new pipeline, and then the new
     * receiver is notified of the failure; if it is closing or closed, the new receiver is notified at once.
     *
     * @return the connection with the types of its new pipeline. On the old one, {@code receive}, {@code onMessage}, {@code onFailure},
     *     {@code onFinish}, {@code pause}, {@code resume}, {@code stop}, {@code become}, and {@code write} on the loop, throw from now on; what
     *     another thread writes through it is dropped and reported as a failure; the other methods act on the connection as it is
     * @throws IllegalStateException if a layer that is to be replaced has decoded bytes that would be lost, or if a layer still holds back writes.
     *     Nothing has changed then, nor if a codec throws when it opens its session
     */
    public <R2, W2> Connection<R2, W2> become(Pipeline<R2, W2> next) {
        confined("become");
        return Installation.become(link, next);
    }

    /**
     * {@link #become(Pipeline)} with another codec on top of the present byte layers, whatever they are: for protocols that begin within another one
     * and don't know its byte layers.
     */
    public <R2, W2> Connection<R2, W2> become(Codec<R2, W2> next) {
        confined("become");
        return Installation.become(link, Objects.requireNonNull(next, "next"));
    }

    // ---- writing

    /**
     * Writes a message. It leaves soon: with others at the end of the tick, or earlier.
     *
     * <p><b>Not written:</b> a message that can't be encoded, or that is passed while as many bytes as the hard limit of {@link ConnectionLimits} are
     * waiting to leave. Then the Future fails, and <b>the connection fails with it</b>: {@link #onFailure} is called, at once and in the order of the
     * writes, and unless the handler carries on, nothing leaves that is written after it has returned; what it writes itself is the connection's
     * last. So a stream has no gap that its owner has not asked for. If messages of other threads are refused before the loop has noticed,
     * {@code onFailure} is called once for all of them. A message written after the last one that its protocol allows
     * ({@link OutputEndedException}) leaves no gap: only its Future fails.
     *
     * <p><b>From other threads</b> a message is admitted against the hard limit when this method is called, by the estimate of its codec
     * ({@link Codec#sizeEstimate}), together with all messages on their way. An admitted message is not refused for the limit later; it fails only
     * with the connection.
     *
     * @return done at once (a constant) while fewer bytes than the high-water mark are waiting to leave, otherwise once they have fallen to the
     *     low-water mark: await it before writing more. On the loop it has already failed if the message was not written. On another thread, done at
     *     once means that the message was admitted; a later failure is delivered to {@link #onFailure} or the {@link Reporter}. The Future is the
     *     caller's own: cancelling it, or limiting its time, affects no other write, and does not take the message back
     * @throws IllegalStateException if a codec or a layer of this connection calls this within a call of its session
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
            refusal = loop.isClosed() ? loopClosed() : outbound.reservations().reserve(estimate);
        } catch (Throwable t) { // no memory
            Messages.release(message);
            throw t;
        }
        if (refusal != null) {
            Messages.release(message);
            Promise<@Nullable Void> refused = loop.promise();
            OutputWaiters.fail(refused, refusal);
            return refused;
        }
        try {
            Promise<@Nullable Void> accepted = outbound.aboveHighWaterMark() ? outbound.promiseOf("write of ") : null;
            loop.enqueue(new OutsideWrite(estimate, message, accepted));
            return accepted == null ? loop.accepted() : accepted;
        } catch (Throwable t) { // no memory, or the loop's driver threw
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
        private final @Nullable Promise<@Nullable Void> accepted; // null if its writer already has the constant

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
                OutputWaiters.fail(accepted, cause);
            }
        }

        @Override
        String label() {
            return "write to " + link;
        }
    }

    /** Sends what was written; done when the kernel has all of it, or failed with what prevents that. */
    public Future<@Nullable Void> flush() {
        if (link.loop().isCurrent()) {
            return link.outbound().flushed(false);
        }
        Promise<@Nullable Void> flushed = link.outbound().promiseOf("flush of ");
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
                        OutputWaiters.complete(flushed);
                    } else {
                        OutputWaiters.fail(flushed, failure);
                    }
                });
            } catch (Throwable t) {
                OutputWaiters.fail(flushed, t);
            }
        }

        @Override
        void discard() {
            OutputWaiters.fail(flushed, new IOException("flush: " + link + ": its loop is closed"));
        }

        @Override
        String label() {
            return "flush of " + link;
        }
    }

    // ---- ending

    /**
     * Ends our stream after everything written: the peer sees the end of its input (TCP: FIN). Later writes fail, and the sessions' own answers are
     * dropped. Reading continues, so that a peer that answers only once it has the whole request can be heard. Idempotent.
     */
    public void shutdownOutput() {
        endOutput("end of output", link::shutdownOutput, link::outputShutDown);
    }

    /**
     * Closes in good order: everything written leaves, our stream is ended, and what the peer still sends is discarded until it ends its own stream
     * (within {@link ConnectionLimits}), so that a reset never destroys our last bytes. Nothing more is received.
     *
     * <p>If the network fails meanwhile, the connection ends and {@link #onFailure} is not called, since most peers that have their answer go away.
     * To know whether everything has left, call {@link #flush} first. What a layer still holds back in its handshake was never sent; that it can't be
     * is a failure.
     *
     * <p>What this thread writes afterwards is refused. What other threads write meanwhile may still leave, until the loop begins to close.
     *
     * <p>This only begins the close and does not wait, so it may be called anywhere, including by try-with-resources. The Future of {@link #finish}
     * is done when the close is over; {@link Loop#close()} waits for it. Idempotent.
     */
    @Override
    public void close() {
        endOutput("close", link::close, link::closedByCaller);
    }

    /**
     * {@link #close() Closes}, and notifies the caller when that is over.
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
        endOutput("abort", link::abort, link::closedByCaller);
        return closed();
    }

    /** Ends the output, on the loop. What this thread writes from now on is refused, even if the loop has not got to it. */
    private void endOutput(String what, Runnable action, Supplier<Throwable> why) {
        if (!link.loop().isCurrent()) {
            link.outbound().reservations().end(why.get());
        }
        link.onLoop(what, action);
    }

    /**
     * Done, never failed, when the connection is gone, for whatever reason. Usually that is after the last message. But {@code closed} does not wait
     * for a receiver that takes nothing, even if something that the peer sent before is still waiting for it; and a connection that is paused does
     * not hear from its peer at all. The Future is the caller's own: cancelling it, or using it in {@code any} and {@code timeout}, affects nobody
     * else.
     */
    public Future<@Nullable Void> closed() {
        return link.audience().closed();
    }

    // ---- asking

    /**
     * Whether messages can still be written: false once the connection was closed, has failed, or its output was shut down. If the peer has gone
     * away, this stays true until that is noticed.
     */
    public boolean isOpen() {
        return !link.outbound().isOver();
    }

    /**
     * The number of bytes that were written and have not left, as a snapshot from any thread. It decreases if the peer takes them, however slowly,
     * and does not if the peer takes nothing.
     */
    public long pending() {
        return link.outbound().pending();
    }

    /** The loop that this connection belongs to. */
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
     * What a layer or the codec has found out about this connection, such as the version of its protocol: see {@link Session#info}. On the loop.
     *
     * @return empty if no layer has found out such a thing (yet)
     */
    public <T> Optional<T> info(Class<T> type) {
        link.loop().requireConfined("info", link);
        return Optional.ofNullable(link.stack().info(type));
    }

    /**
     * Sets a socket option. On the loop.
     *
     * @throws IllegalArgumentException naming option and transport, if the transport does not support the option
     * @throws java.nio.channels.ClosedChannelException if the connection is closed
     */
    public <T> void option(SocketOption<T> option, T value) throws IOException {
        link.loop().requireConfined("option", link);
        link.wire().set(option, value);
    }

    /** Reads a socket option. On the loop. Throws what {@link #option(SocketOption, Object)} throws. */
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

    /** The number of bytes that a message counts for until it is encoded. */
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
