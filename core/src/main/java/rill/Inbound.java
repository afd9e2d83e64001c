package rill;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The reading half of a connection: takes bytes up through the stages to the receiver, and knows everything that can hold them up.
 *
 * <p>Decoding waits while the user has paused, the protocol was stopped, work runs elsewhere, or the receiver wants no message. Bytes that were
 * already read wait in the stages. They are decoded from a Handle, in order, before later ones; the end of input and a close by the peer wait behind
 * them.
 */
final class Inbound extends Node {
    /** The number of bytes that may wait undecoded in front of each stage before the stage below, or the wire, is stopped. */
    static final int READ_AHEAD = Buffers.SIZE;

    private final Link link;
    private final Stack stack;
    private @Nullable Receiver<Object> receiver;

    // Exceptional conditions; while there are none, a read takes the short path.
    private static final int PAUSED = 1; // by the user
    private static final int STOPPED = 1 << 1; // by a session or the user, until become or resume
    private static final int CONGESTED = 1 << 2; // by the sessions' own answers
    private static final int WIRE_PAUSED = 1 << 3;
    private static final int INPUT_ENDED = 1 << 4; // by the peer
    private static final int DEAF = 1 << 5; // messages are no longer needed; byte layers continue
    private static final int DISCARDING = 1 << 6; // the connection is closing: nothing is decoded any more
    private static final int BROKEN = 1 << 7; // nothing leaves any more; received input is still delivered
    private static final int FINISHING = 1 << 8; // no further message is begun: the loop is closing
    private static final int EXCEPTIONAL = (1 << 9) - 1;

    // What else is known, in the same word, since there is one for each connection.
    private static final int QUEUED = 1 << 9; // the Handle that goes on decoding
    private static final int DECODING = 1 << 10; // nothing may be decoded within, or overtake what is on its way up
    private static final int END_DELIVERED = 1 << 11;

    private int conditions;

    Inbound(Link link) {
        this.link = link;
        this.stack = link.stack();
    }

    private boolean is(int anyOf) {
        return (conditions & anyOf) != 0;
    }

    private void set(int condition, boolean holds) {
        conditions = holds ? conditions | condition : conditions & ~condition;
    }

    // ---- pipelines

    /** Installs the stages of a pipeline; those below {@code kept} are already in place. */
    void install(Stage[] next, int kept) {
        set(STOPPED, false);
        set(END_DELIVERED, false);
        if (!stack.isEmpty()) {
            replaceReceiver();
        }
        stack.install(next, kept);
        undisturbed(() -> {
            for (int i = kept; i < next.length && !is(DISCARDING); i++) {
                next[i].begin();
            }
        });
        later();
    }

    /**
     * Calls sessions for purposes other than decoding. What they return is on its way up meanwhile: its receiver must not cause anything to overtake
     * the rest, or release what is being decoded.
     */
    private void undisturbed(Runnable calls) {
        boolean within = is(DECODING); // become, in a receiver
        set(DECODING, true);
        try {
            calls.run();
        } finally {
            set(DECODING, within);
            if (!within) {
                decodingEnds();
            }
        }
    }

    Loop loop() {
        return link.loop();
    }

    SocketAddress remoteAddress() {
        return link.remoteAddress();
    }

    @Nullable
    SocketAddress target() {
        return link.target();
    }

    boolean isGoingAway() {
        return link.isGoingAway();
    }

    /** Whether a session of this connection is being called, to decode or to encode. */
    boolean inSession() {
        return link.outbound().inSession();
    }

    /** Removes the receiver: messages of the new pipeline wait for a new one. */
    void replaceReceiver() {
        Receiver<Object> old = receiver;
        receiver = null;
        if (old != null) {
            old.replaced();
        }
    }

    void receiver(Receiver<Object> newReceiver) {
        receiver = newReceiver;
        later();
    }

    boolean hasReceiver() {
        return receiver != null;
    }

    Receiver<Object> receiver() {
        return Objects.requireNonNull(receiver);
    }

    // ---- what is allowed

    /** Whether there is no exceptional condition. */
    boolean isOrdinary() {
        return !is(EXCEPTIONAL);
    }

    /** Whether nothing is decoded, whatever was received. */
    boolean isHeldUp() {
        return is(DISCARDING | CONGESTED);
    }

    /** Whether byte layers are to stop. While one of them holds back writes, in a handshake, they continue: nothing comes out on top. */
    boolean isPaused() {
        return is(PAUSED) && stack.ready();
    }

    /** Whether no message may come out of the top, even if one is wanted. */
    boolean isStopped() {
        return is(STOPPED | PAUSED);
    }

    /** Whether messages are no longer needed. */
    boolean isDeaf() {
        return is(DEAF);
    }

    /** Whether the session on top is no longer needed, since nothing waits for it to release writes. */
    private boolean isTopDeaf() {
        return is(DEAF) && !stack.top().holdsWrites();
    }

    /** Whether a message may come out of the top now. */
    boolean wantsMessage() {
        return !is(STOPPED | PAUSED | DEAF | DISCARDING | FINISHING) && receiverWantsMessage();
    }

    /** Whether a message from the peer would be delivered now rather than wait. */
    boolean isReading() {
        return wantsMessage() && !is(CONGESTED);
    }

    boolean receiverWantsMessage() {
        return receiver != null && receiver.wantsMessage();
    }

    /** The stage that keeps what {@code stage} has left over: the one that has replaced it, if any; null if that is no longer needed. */
    @Nullable
    Stage keeper(Stage stage) {
        Stage keeper = stage;
        while (keeper.isReplaced()) {
            keeper = Objects.requireNonNull(keeper.above);
        }
        return is(DISCARDING) || (keeper.above == null && isTopDeaf()) ? null : keeper;
    }

    // ---- events from the wire

    @Nullable
    ByteBuf readTarget() {
        return stack.isEmpty() || is(DISCARDING) ? null : stack.bottom().readTarget();
    }

    void read(ByteBuf bytes) {
        Stage bottom = stack.bottom();
        set(DECODING, true);
        try {
            if (bytes == bottom.rest) {
                loop().counters().bytesReceived += bottom.readInPlace();
                bottom.decodeReadInPlace();
            } else {
                loop().counters().bytesReceived += bytes.readableBytes();
                bottom.feed(bytes);
                if (bytes.refCnt() == 0) {
                    throw Stage.releasedTooOften();
                }
            }
            if (is(EXCEPTIONAL) || !stack.settled()) {
                whatFollows();
            }
        } finally {
            decodingEnds();
        }
    }

    private void decodingEnds() {
        set(DECODING, false);
        if (is(DISCARDING)) {
            stack.releaseInput();
        } else if (is(DEAF)) {
            releaseUseless();
        }
    }

    private void releaseUseless() {
        if (isTopDeaf()) {
            stack.top().releaseInput();
        } else {
            stack.top().releaseMessages();
        }
    }

    void ended() {
        set(INPUT_ENDED, true);
        noMoreComes();
        pump();
    }

    /** Nothing leaves any more, and if the wire is gone nothing more arrives; received input is still delivered. */
    void broken(boolean wireGone) {
        set(BROKEN, true);
        set(CONGESTED, false);
        if (wireGone) {
            noMoreComes();
        }
        pump();
    }

    /** Nothing that is written passes a layer any more; received input is still delivered, from a Handle. */
    void outputOver() {
        set(BROKEN, true);
        set(CONGESTED, false);
        later();
    }

    private void noMoreComes() {
        if (!stack.isEmpty()) {
            stack.bottom().noMoreComes();
        }
    }

    /** Records the end of input while closing. */
    void inputEnds() {
        set(INPUT_ENDED, true);
    }

    boolean inputEnded() {
        return is(INPUT_ENDED);
    }

    /** The number of bytes received. */
    long heard() {
        return stack.bottom().heard();
    }

    /** Whether reading is paused for reasons on this side. */
    boolean heldUp() {
        return is(WIRE_PAUSED) && !is(CONGESTED);
    }

    // ---- continuing

    /** Decodes whatever can be decoded, from a Handle. */
    void later() {
        if (!is(QUEUED | DISCARDING)) {
            set(QUEUED, true);
            loop().enqueue(this);
        }
    }

    /** Decodes now what can be decoded, unless decoding is already in progress. */
    void pump() {
        if (is(DECODING) || link.outbound().inSession()) {
            later();
            return;
        }
        set(DECODING, true);
        try {
            for (int i = stack.size() - 1; i >= 0 && !is(DISCARDING); i--) {
                stack.get(Math.min(i, stack.size() - 1)).goOn();
            }
            whatFollows();
        } finally {
            decodingEnds();
        }
    }

    private void whatFollows() {
        if (!is(DISCARDING) && stack.mayGoOn()) {
            later();
        }
        tellEnd();
        updateReading();
        if (is(BROKEN) && !is(DISCARDING)) {
            link.broken().goOn(stack.waits(), is(WIRE_PAUSED));
        }
    }

    /** Whether no waiting message will be delivered any more. */
    boolean finishing() {
        return is(FINISHING);
    }

    /**
     * Passes the end of input up, from stage to stage, as far as everything before it has been decoded. A session may also have ended by itself (on a
     * good-bye of its protocol) while the stream below continues.
     */
    private void tellEnd() {
        if (is(PAUSED | STOPPED)) {
            return; // while stopped, the end belongs to the pipeline that is to come
        }
        boolean endsBelow = is(INPUT_ENDED);
        for (int i = 0; i < stack.size() - (isTopDeaf() ? 1 : 0) && !is(DISCARDING); i++) {
            Stage stage = stack.get(i);
            if (endsBelow) {
                stage.tellEnd();
            }
            endsBelow = stage.hasEnded();
        }
        if (stack.waitsInVain()) {
            link.audience().tellUnready();
        }
        if (!is(DISCARDING | DEAF) && stack.top().hasEnded() && !stack.top().waits()) {
            deliverEnd();
        }
    }

    private void deliverEnd() {
        if (is(BROKEN) && link.broken().isByLayer()) {
            return; // the failure follows, in its place
        }
        if (!is(END_DELIVERED) && receiver != null) {
            set(END_DELIVERED, true);
            link.guarded(receiver::ended);
        }
    }

    /** Reads from the wire unless the user has paused, or enough undecoded bytes are waiting. */
    private void updateReading() {
        if (stack.isEmpty() || is(DISCARDING)) {
            return;
        }
        Stage bottom = stack.bottom();
        boolean enough = bottom.restBytes() >= READ_AHEAD && !bottom.mayDecode();
        boolean pause = enough || is(CONGESTED) || isPaused();
        if (pause != is(WIRE_PAUSED)) {
            set(WIRE_PAUSED, pause);
            if (pause) {
                link.wire().pauseReads();
            } else {
                link.wire().resumeReads();
            }
        }
    }

    /** Delivers a message that comes out of the top. */
    void deliver(Stage top, Object message) {
        Receiver<Object> to = receiver;
        if (to == null || is(DISCARDING | DEAF)) {
            Messages.release(message);
            return;
        }
        link.messageArrived();
        loop().counters().messagesReceived++;
        try {
            to.message(message);
        } catch (Throwable t) {
            link.failed(top.placed(t), to.survives());
        }
    }

    // ---- from sessions and the user

    void failed(Throwable cause) {
        link.failed(cause, false);
    }

    /** A session has written an answer of its own. */
    void wroteBelow(long bytes) {
        link.outbound().answered(bytes);
    }

    /** The sessions' own answers pile up, or have left. */
    void congested(boolean nowCongested) {
        set(CONGESTED, nowCongested && !is(BROKEN));
        if (!nowCongested) {
            later();
        }
    }

    /** Until {@link #resume}, or another pipeline. */
    void stop() {
        set(STOPPED, true);
    }

    void pause() {
        set(PAUSED, true);
        updateReading();
    }

    /**
     * If nothing waits to be decoded, the wire is read again at once, so that a pause which ends within its tick costs no system call. Otherwise what
     * waits is decoded first, from a Handle; reading on before that would lift the limit on reading ahead.
     */
    void resume() {
        set(PAUSED | STOPPED, false);
        if (!stack.waits()) {
            updateReading();
        }
        later();
    }

    /** Begins no further message; if the receiver is notified, it looks like the end of the peer's stream. */
    void finish(boolean tellReceiver) {
        set(FINISHING, true);
        if (tellReceiver) {
            deliverEnd();
        }
    }

    /** Whether each layer below has let writes through before: until then the timers of the layers above do not run. */
    boolean wasReadyBelow(Stage stage) {
        return stack.wasReadyBelow(stage);
    }

    void gotReady(Stage stage) {
        stack.gotReady(stage);
    }

    void timerDue(Stage stage) {
        if (!is(DISCARDING | BROKEN) && !stage.isReplaced()) { // nothing is awaited from a peer that is gone
            link.attempt(() -> {
                undisturbed(() -> stage.call(Session::timerExpired));
                pump(); // the session may have ended its stream
            });
        }
    }

    void runBlocking(Stage stage, Runnable work) {
        try {
            loop().environment().blocking().execute(() -> {
                Throwable failure = null;
                try {
                    work.run();
                } catch (Throwable t) {
                    failure = t;
                }
                Throwable thrown = failure;
                workDone(stage, thrown);
            });
        } catch (RejectedExecutionException | OutOfMemoryError e) { // no thread is available
            workDone(stage, e);
        }
    }

    private void workDone(Stage stage, @Nullable Throwable failure) {
        Runnable goOn = () -> blockingDone(stage, failure);
        loop().enqueue(new Handle(loop(), "the result of blocking work of ", link, () -> link.attempt(goOn)));
    }

    private void blockingDone(Stage stage, @Nullable Throwable failure) {
        if (is(DISCARDING) || stage.isReplaced()) {
            return;
        }
        boolean last = stage.workDone();
        if (failure != null) {
            failed(failure);
        } else if (last) {
            pump();
            link.flushIfDirty();
        }
    }

    /** From now on nothing is decoded; the wire is read to discard what arrives. */
    void decodeNoMore() {
        if (is(DISCARDING)) {
            return;
        }
        set(DISCARDING, true);
        set(PAUSED, false);
        stack.stopTimers();
        if (!is(DECODING)) {
            stack.releaseInput();
        }
        if (is(WIRE_PAUSED)) {
            set(WIRE_PAUSED, false);
            link.wire().resumeReads();
        }
    }

    /** Messages are no longer wanted, but a byte layer has something to finish (its handshake) before we may close. */
    void ignoreMessages() {
        set(DEAF, true);
        set(PAUSED, false);
        if (!is(DECODING)) {
            releaseUseless();
        }
        updateReading();
        later();
    }

    /** The last call. During the delivery of a message, the bytes that it came from are released only after that. */
    void close() {
        set(DISCARDING, true);
        stack.closeSessions();
        if (!is(DECODING)) {
            stack.releaseInput();
        }
    }

    /** As a Node, it continues decoding. */
    @Override
    void execute() {
        set(QUEUED, false);
        if (!is(DISCARDING)) {
            link.decodeWaiting();
        }
    }

    @Override
    String label() {
        return "decoding of " + link;
    }

    @Override
    public String toString() {
        return link.toString();
    }
}
