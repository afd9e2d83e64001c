package rill;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a session may know about its connection, and what it may request from it.
 *
 * <p>The connection reuses one object. A session that has kept the Context from {@link Codec#open} may call {@link #random}, {@link #remoteAddress},
 * {@link #target}, {@link #shared}, {@link #own}, {@link #isReading}, {@link #isGoingAway}, {@link #startTimer} and {@link #stopTimer} at any time on
 * the loop; all of these but the timer methods may also be called in {@link Codec#open}. {@link #holdWrites} and {@link #releaseWrites} may also be
 * called in {@link Session#encode} and {@link Session#outputEnding}. All other methods may be called only within the call of the session to which the
 * Context was passed. Elsewhere they throw an {@link IllegalStateException}. Requests are carried out after that call has returned.
 *
 * <p><b>Threading:</b> the loop.
 */
public interface Context {
    /** The loop's source of randomness, and the only one that a session uses. */
    RandomGenerator random();

    /** The peer's address; through a proxy, the proxy's. */
    SocketAddress remoteAddress();

    /**
     * The address passed to {@link Loop#connect}, which this side wanted to reach: with the name that was looked up, if it had one, and beyond the
     * proxy, if there is one. Null if the connection was accepted.
     */
    @Nullable
    SocketAddress target();

    /**
     * An object that all sessions of this loop share, such as memory that is used within a single call only. It is made for the first session that
     * asks for this type. A session asks for it once, and keeps it. It is never closed: it lives as long as the loop, and must hold heap memory only.
     */
    <T> T shared(Class<T> type, Supplier<? extends T> maker);

    /**
     * Turns borrowed bytes into a buffer that may leave the pipeline. Large ones are retained as a slice, small ones are copied, so that twenty bytes
     * don't keep 64 KiB from being reused.
     *
     * <p><b>Ownership:</b> ownership of the result is transferred to the caller, which passes it on or releases it. The indices of {@code borrowed}
     * don't change.
     */
    ByteBuf own(ByteBuf borrowed);

    /**
     * An empty buffer that may leave the pipeline, with at least this much space: for bytes that differ from those received, such as the content of a
     * compressed or masked message. It grows if more is written; request no more than has arrived.
     *
     * <p><b>Ownership:</b> ownership of the result is transferred to the caller, which passes it on or releases it.
     *
     * <p><b>Errors:</b> throws if there is no memory for it; don't catch that.
     */
    ByteBuf own(int atLeast);

    /**
     * Lends an empty buffer for the result of this call: the bytes that a byte layer has made from those received. It is taken back once the layer
     * above has consumed it, so an idle connection holds none. One per call, and for byte layers only: a message at the top has to be owned.
     */
    ByteBuf lend(int atLeast);

    /**
     * Where to write bytes for the peer, such as the answer to a ping. They are flushed soon. If they pile up to the high-water mark because the peer
     * does not read, nothing more is decoded until they have left.
     */
    Outgoing out();

    /**
     * States that nothing can be decoded before this many more bytes have arrived. This is a hint: a large payload is then read straight into place.
     * However large the number is, it costs no memory until the bytes arrive.
     */
    void needMore(int bytes);

    /**
     * States that there are more messages than the one returned by this call: {@link Session#decode} is called again as soon as another message is
     * wanted, even if no bytes are available, and even after {@link Session#inputEnded}.
     */
    void again();

    /** States that the message of this call ends the protocol: nothing more is decoded until {@link Connection#become} or {@link Connection#resume}. */
    void stop();

    /**
     * Calls {@link Session#timerExpired} after this delay; replaces a running timer. May also be called while encoding, since a request may start the
     * time limit for its answer, and outside of any call, on the loop. So a session that learns something from a callback, or from another thread
     * through {@link Loop#execute}, can pass {@link Duration#ZERO} to be called, and then do what it may do only within a call. Once the connection
     * fails or closes, this is a no-op.
     *
     * <p>The time begins to run once every layer below has been ready, that is, no longer holds back writes: until then the peer has not heard of
     * this session. So the limit of a TLS handshake through a proxy does not include the time that the proxy takes; that is limited by the layer that
     * speaks to the proxy, or by the deadline of {@code connect}.
     */
    void startTimer(Duration after);

    /**
     * Whether a message would be taken now if the peer had sent one. False while the connection is paused, while nobody receives, or while the
     * sessions' own answers pile up: what the peer has sent then waits, so a timer that would blame the peer for silence should be started again
     * instead.
     */
    default boolean isReading() {
        return true;
    }

    /**
     * Whether this side is going out of service: its loop is closing, or the user has closed the listener that accepted the connection. A protocol
     * whose good-bye states a reason asks this in {@link Session#outputEnding}.
     */
    default boolean isGoingAway() {
        return false;
    }

    /** Stops the timer, if it is running. */
    void stopTimer();

    /**
     * Runs possibly long work on another thread. When it is done, {@link Session#decode} is called with the bytes that are available, even if there
     * are none. Until then nothing is decoded. If several pieces of work were requested, decoding continues after the last of them. If the work
     * throws, the connection fails.
     *
     * <p>The work runs on {@link rill.spi.Environment#blocking}: in production, on daemon threads, of which all loops of a process share 64; beyond
     * that it waits for its turn. What it wrote is visible to the next call to the session. Meanwhile {@link Session#encode},
     * {@link Session#timerExpired} and, if the connection ends, {@link Session#closed} may be called. So the work must share nothing with them that
     * is not thread-safe, and must itself release what it uses.
     */
    void runBlocking(Runnable work);

    /**
     * Holds back what is written above (because a handshake has to come first), until {@link #releaseWrites}. For a byte layer these are the bytes of
     * the layers above. For the codec on top these are messages: they are encoded once they are released, and until then count by
     * {@link Codec#sizeEstimate}. Meanwhile input is passed to the session even if nobody receives, up to the first message that nobody has
     * requested.
     *
     * <p>If called in {@link Session#encode}, it also means that the session keeps some of what was passed to it, up to the message of this call.
     * Since that has not left, no {@link Connection#flush} is done, and our stream does not end in good order, before the writes are released.
     */
    void holdWrites();

    /**
     * Releases what {@link #holdWrites} has held back. A session first writes what it has kept, in the same call, so that this is not taken for an
     * answer of its own, for which less would be read.
     */
    void releaseWrites();

    /** States that the stream of messages has ended in good order; the layer above sees the end of its input. */
    void end();
}
