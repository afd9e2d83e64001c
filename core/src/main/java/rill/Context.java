package rill;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What a session may know of its connection, and what it may ask for.
 *
 * <p>The connection reuses one object. {@link #random}, {@link #remoteAddress}, {@link #target}, {@link #shared}, {@link #own}, {@link #isReading}, {@link #isGoingAway},
 * {@link #startTimer} and {@link #stopTimer} may be called at any time on the loop, by a session that has kept the Context that it was opened with; all but the timer also in {@link Codec#open}. {@link #holdWrites} and
 * {@link #releaseWrites} may be called in {@link Session#encode} and {@link Session#outputEnding} as well. Everything else only within the call of the session that the Context was passed to. Elsewhere they throw an
 * {@link IllegalStateException}. What is asked for is carried out after that call has returned.
 *
 * <p><b>Threading:</b> the loop.
 */
public interface Context {
    /** The loop's randomness, the only one that a session uses. */
    RandomGenerator random();

    /** The peer; through a proxy, the proxy. */
    SocketAddress remoteAddress();

    /**
     * What this side wanted to be connected to, as it was given to {@link Loop#connect}: with the name that was looked up, if it was one, and
     * beyond the proxy, if there is one. Null where the connection was accepted.
     */
    @Nullable
    SocketAddress target();

    /**
     * What all sessions of this loop share, such as memory that is used within a single call only: made by the first that asks for this type.
     * A session asks for it once, and keeps it. Nobody closes it: it lives as long as the loop does, and holds memory of the heap alone.
     */
    <T> T shared(Class<T> type, Supplier<? extends T> maker);

    /**
     * Makes a buffer that may leave the pipeline out of borrowed bytes. Large ones are retained as a slice, small ones are copied, so that
     * twenty bytes don't keep 64 KiB from being used again.
     *
     * <p><b>Ownership:</b> the result is the caller's, to hand on or to release. The indices of {@code borrowed} don't change.
     */
    ByteBuf own(ByteBuf borrowed);

    /**
     * An empty buffer that may leave the pipeline, with at least so much space: for bytes that did not come in as they are, such as those of a
     * compressed or masked message. It grows if more is written; ask for no more than has come.
     *
     * <p><b>Ownership:</b> the result is the caller's, to hand on or to release.
     *
     * <p><b>Errors:</b> throws where there is no memory for it; let that through.
     */
    ByteBuf own(int atLeast);

    /**
     * Lends a buffer, empty, for what this call returns: the bytes that a byte layer has made of those that came in. It is taken back once
     * the layer above has consumed it, so an idle connection holds none. One for each call, and for byte layers alone: a message on top has to be owned.
     */
    ByteBuf lend(int atLeast);

    /**
     * Where to write bytes for the peer, such as the answer to a ping. They are flushed soon. If they pile up to the high-water
     * mark because the peer does not read, nothing more is decoded until they have left.
     */
    Outgoing out();

    /**
     * Says that nothing can be decoded before this many more bytes have come. A hint: a large payload is then read straight into
     * place. It costs no memory until the bytes come, however large.
     */
    void needMore(int bytes);

    /**
     * Says that there is more to give than the one message of this call: {@link Session#decode} is called again as soon as another message is wanted,
     * even if no bytes are there, and even after {@link Session#inputEnded}.
     */
    void again();

    /**
     * Says that the message of this call ends the protocol: nothing more is decoded until {@link Connection#become} or
     * {@link Connection#resume}.
     */
    void stop();

    /**
     * Calls {@link Session#timerExpired} after this delay; replaces a running timer. Also while encoding: a request may start the time for its answer.
     * And outside of any call, on the loop: so a session that hears of something by a callback, or of another thread by {@link Loop#execute}, has itself called, with
     * {@link Duration#ZERO}, to do there what it may do in a call alone. Once the connection fails or closes it does nothing.
     *
     * <p>The time begins to run once every layer below has been ready, which is when it does not hold back writes: until then the peer has not heard of
     * this session. So the limit of a TLS handshake through a proxy does not count how long the proxy takes, for which the layer that speaks to the proxy, or the deadline of
     * {@code connect}, has a limit.
     */
    void startTimer(Duration after);

    /**
     * Whether a message would be taken now if the peer has sent one. Not while the connection is paused, while nobody receives, or while what sessions have
     * answered by themselves piles up: what the peer has sent waits then, so a timer that blames him for silence is started once more instead.
     */
    default boolean isReading() {
        return true;
    }

    /**
     * Whether this side goes out of service: its loop closes, or its user has closed the listener that the connection came in by. A protocol whose good-bye
     * has a reason asks it in {@link Session#outputEnding}.
     */
    default boolean isGoingAway() {
        return false;
    }

    /** Stops the timer, if it runs. */
    void stopTimer();

    /**
     * Runs work that may take long on another thread; {@link Session#decode} is called when it is done, with the bytes that are
     * there, even if there are none. Until then nothing is decoded. If several pieces of work were asked for, decoding goes on after the
     * last of them. What the work throws fails the connection.
     *
     * <p>It runs on {@link rill.spi.Environment#blocking}, in production on daemon threads, of which all loops of a process share 64; beyond
     * that it waits for its turn. What it wrote is visible to the next call to the session. Meanwhile {@link Session#encode}, {@link Session#timerExpired} and, if the
     * connection ends, {@link Session#closed} may be called: the work shares nothing with them that is not safe for threads, and
     * releases by itself what it uses.
     */
    void runBlocking(Runnable work);

    /**
     * Holds back what is written above (a handshake has to come first), until {@link #releaseWrites}. For a byte layer these are the bytes
     * of the layers above. For the codec on top these are messages: they are encoded once it lets them go, and count until then by
     * {@link Codec#sizeEstimate}. Meanwhile the session is given what comes in even if nobody receives, up to the first message that
     * nobody has asked for.
     *
     * <p>Said in {@link Session#encode}, it also means that the session keeps some of what it was given, up to the message of this call: that has not left,
     * so no {@link Connection#flush} is done and our stream does not end in good order before the writes are released.
     */
    void holdWrites();

    /**
     * Lets go what {@link #holdWrites} has held back. What a session has kept it writes before that, in the same call: so it is not taken for an answer
     * of its own, for which less would be read.
     */
    void releaseWrites();

    /** Says that the stream of messages has ended in good order; the layer above sees the end of its input. */
    void end();
}
