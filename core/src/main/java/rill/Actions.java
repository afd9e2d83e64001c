package rill;

import java.time.Duration;

/**
 * What a session wants done. Everything is carried out after the session's call has returned.
 *
 * <p>The connection reuses one object; a session uses it within the call that it was passed to, and not afterwards.
 *
 * <p><b>Threading:</b> the loop, within that call.
 */
public interface Actions<R> {
    /**
     * Delivers a message to the layer above.
     *
     * @throws IllegalStateException on the second message of one call
     */
    void message(R message);

    /**
     * Where to write bytes for the peer, such as the answer to a ping. They are flushed soon. If they pile up to the high-water
     * mark because the peer does not read, nothing more is decoded until they have left.
     */
    Outgoing out();

    /**
     * Says that nothing can be decoded before so many more bytes have come. A hint: a large payload is then read straight into
     * place. It costs no memory until the bytes come, however large.
     */
    void needMore(int bytes);

    /**
     * Says that this message ends the protocol: nothing more is decoded until {@link Connection#become} or
     * {@link Connection#resume}.
     */
    void stop();

    /** Calls {@link Session#timerExpired} after so long, instead of what was started before. */
    void startTimer(Duration after);

    /** Stops the timer, if it runs. */
    void stopTimer();

    /**
     * Runs work that may take long on another thread; {@link Session#decode} is called when it is done, with the bytes that are
     * there, even if there are none. Until then nothing is decoded. Asked for several times, decoding goes on after the last of
     * them. What the work throws fails the connection.
     *
     * <p>It runs on {@link rill.spi.Environment#blocking}, in production on as many daemon threads as there are pieces of work; what it
     * wrote is visible to the next call to the session. Meanwhile {@link Session#encode}, {@link Session#timerExpired} and, if the
     * connection ends, {@link Session#closed} may be called: the work shares nothing with them that is not safe for threads, and
     * releases by itself what it uses.
     */
    void runBlocking(Runnable work);

    /**
     * Keeps what is written above (a handshake has to come first), until {@link #releaseWrites}. For a byte layer these are the bytes of
     * the layers above. For the codec on top these are messages: they are encoded once it lets them go, and count until then by
     * {@link Codec#sizeEstimate}. Meanwhile it is given what comes in, even if nobody receives, up to a message that nobody
     * has asked for.
     */
    void holdWrites();

    /** Lets go what {@link #holdWrites} has kept. */
    void releaseWrites();

    /** Says that the stream of messages has ended in good order; the layer above sees the end of its input. */
    void end();
}
