package rill;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The reading half of a connection: takes bytes up through the stages to the receiver, and knows all that can hold them up.
 *
 * <p>Decoding waits while the user has paused, the protocol was stopped, work runs elsewhere, or the receiver wants no message. Bytes that
 * were already read wait in the stages. They are decoded from a Handle, in order, before later ones; the end of input and a close by the peer
 * wait behind them.
 */
final class Inbound extends Node {
    /** Bytes that may wait undecoded, in front of each stage, before the one below or the wire is stopped. */
    static final int READ_AHEAD = Buffers.SIZE;

    private final Link link;
    private final Loop loop;
    private final Stack stack;
    private @Nullable Receiver<Object> receiver;

    // What is out of the ordinary; as long as nothing is, a read takes the short way.
    private static final int PAUSED = 1; // by the user
    private static final int STOPPED = 1 << 1; // by a session or the user, until become or resume
    private static final int CONGESTED = 1 << 2; // by answers that sessions gave by themselves
    private static final int WIRE_PAUSED = 1 << 3;
    private static final int INPUT_ENDED = 1 << 4; // by the peer
    private static final int DEAF = 1 << 5; // messages are of no use any more; byte layers go on
    private static final int DISCARDING = 1 << 6; // the connection is closing: nothing is decoded any more
    private static final int BROKEN = 1 << 7; // nothing leaves any more; what has come is still delivered
    private static final int FINISHING = 1 << 8; // no further message is begun: the loop is closing

    private int conditions;
    private boolean pumpQueued;
    private boolean decoding; // guards against nested decoding, and whatever would overtake what is on its way up
    private boolean endDelivered;

    Inbound(Link link, Loop loop) {
        this.link = link;
        this.loop = loop;
        this.stack = link.stack();
    }

    private boolean is(int anyOf) {
        return (conditions & anyOf) != 0;
    }

    private void set(int condition, boolean holds) {
        conditions = holds ? conditions | condition : conditions & ~condition;
    }

    // ---- pipelines

    /** Puts the stages of a pipeline in place, of which those below {@code kept} are there already. */
    void install(Stage[] next, int kept) {
        set(STOPPED, false);
        endDelivered = false;
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
     * Calls sessions other than to decode. What they give is on its way up meanwhile: whoever receives some of it must not bring about that
     * other things overtake the rest, or let go of what is being decoded.
     */
    private void undisturbed(Runnable calls) {
        boolean within = decoding; // become, in a receiver
        decoding = true;
        try {
            calls.run();
        } finally {
            decoding = within;
            if (!within) {
                decodingEnds();
            }
        }
    }

    Loop loop() {
        return loop;
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

    /** Whether a session of this connection is being called, be it to decode or to encode. */
    boolean inSession() {
        return link.outbound().inSession();
    }

    /** Messages of the new pipeline wait for a receiver of their own. */
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

    // ---- what may happen

    /** Whether nothing is out of the ordinary. */
    boolean isOrdinary() {
        return conditions == 0;
    }

    /** Whether nothing is decoded, whatever there is. */
    boolean isHeldUp() {
        return is(DISCARDING | CONGESTED);
    }

    /** Whether byte layers are to stop. As long as one of them holds back writes, in a handshake, they go on: nothing comes out on top. */
    boolean isPaused() {
        return is(PAUSED) && stack.ready();
    }

    /** Whether no message is to come out of the top, whoever wants one. */
    boolean isStopped() {
        return is(STOPPED | PAUSED);
    }

    /** Whether messages are of no use any more. */
    boolean isDeaf() {
        return is(DEAF);
    }

    /** Whether the session on top is of no use any more, since nothing waits for it to let writes go. */
    private boolean isTopDeaf() {
        return is(DEAF) && !stack.top().holdsWrites();
    }

    /** Whether a message may come out of the top now. */
    boolean wantsMessage() {
        return !is(STOPPED | PAUSED | DEAF | DISCARDING | FINISHING) && receiverWantsMessage();
    }

    /** Whether a message that the peer has sent would be handed out, and does not wait. */
    boolean isReading() {
        return wantsMessage() && !is(CONGESTED);
    }

    boolean receiverWantsMessage() {
        return receiver != null && receiver.wantsMessage();
    }

    /** The stage that keeps what {@code stage} has left over: the one that has replaced it, if any; null if that is of no use any more. */
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
        decoding = true;
        try {
            if (bytes == bottom.rest) {
                loop.counters().bytesReceived += bottom.readInPlace();
                bottom.decodeReadInPlace();
            } else {
                loop.counters().bytesReceived += bytes.readableBytes();
                bottom.feed(bytes);
                if (bytes.refCnt() == 0) {
                    throw Stage.releasedTooOften();
                }
            }
            if (conditions != 0 || !stack.settled()) {
                whatFollows();
            }
        } finally {
            decodingEnds();
        }
    }

    private void decodingEnds() {
        decoding = false;
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

    /** Nothing leaves any more, and if the wire is gone nothing more comes; what has come is still delivered. */
    void broken(boolean wireGone) {
        set(BROKEN, true);
        set(CONGESTED, false);
        if (wireGone) {
            noMoreComes();
        }
        pump();
    }

    private void noMoreComes() {
        if (!stack.isEmpty()) {
            stack.bottom().noMoreComes();
        }
    }

    /** While closing: nothing but to know it. */
    void inputEnds() {
        set(INPUT_ENDED, true);
    }

    boolean inputEnded() {
        return is(INPUT_ENDED);
    }

    /** How many bytes have come. */
    long heard() {
        return stack.bottom().heard();
    }

    /** Whether more is not read for reasons of our own. */
    boolean heldUp() {
        return is(WIRE_PAUSED) && !is(CONGESTED);
    }

    // ---- going on

    /** Decodes from a Handle whatever can be decoded now. */
    void later() {
        if (!pumpQueued && !is(DISCARDING)) {
            pumpQueued = true;
            loop.enqueue(this);
        }
    }

    /** Decodes now what can be decoded, unless that is under way. */
    void pump() {
        if (decoding || link.outbound().inSession()) {
            later();
            return;
        }
        decoding = true;
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

    /** Whether no message that waits will be handed out any more. */
    boolean finishing() {
        return is(FINISHING);
    }

    /**
     * Passes the end of input up, from stage to stage, as far as everything before it has been decoded. A session may also have
     * ended by itself (on a good-bye of its protocol) while the stream below goes on.
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
        if (!endDelivered && receiver != null) {
            endDelivered = true;
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

    /** A message comes out of the top. */
    void deliver(Stage top, Object message) {
        Receiver<Object> to = receiver;
        if (to == null || is(DISCARDING | DEAF)) {
            Messages.release(message);
            return;
        }
        link.messageArrived();
        loop.counters().messagesReceived++;
        try {
            to.message(message);
        } catch (Throwable t) {
            link.failed(top.placed(t), true);
        }
    }

    // ---- from sessions and the user

    void failed(Throwable cause) {
        link.failed(cause, false);
    }

    /** A session has written by itself. */
    void wroteBelow(long bytes) {
        link.outbound().answered(bytes);
    }

    /** Answers that sessions gave by themselves pile up, or have left. */
    void congested(boolean nowCongested) {
        set(CONGESTED, nowCongested && !is(BROKEN));
        if (!nowCongested) {
            later();
        }
    }

    void stopped(boolean nowStopped) {
        set(STOPPED, nowStopped);
        if (!nowStopped) {
            later();
        }
    }

    void pause() {
        set(PAUSED, true);
        updateReading();
    }

    /** The wire is read again at once, so that a pause that ends within its tick costs no call of the system; what waits is decoded from a Handle. */
    void resume() {
        set(PAUSED, false);
        stopped(false);
        updateReading();
    }

    /** No further message is begun; to the receiver, if it is to be told, it is as if the peer had ended its stream. */
    void finish(boolean tellReceiver) {
        set(FINISHING, true);
        if (tellReceiver) {
            deliverEnd();
        }
    }

    /** Whether each layer below has let writes through before: until then the time of those above does not run. */
    boolean wasReadyBelow(Stage stage) {
        return stack.wasReadyBelow(stage);
    }

    void gotReady(Stage stage) {
        stack.gotReady(stage);
    }

    void timerDue(Stage stage) {
        if (!is(DISCARDING | BROKEN) && !stage.isReplaced()) { // of a peer that is gone nothing is waited for
            link.attempt(() -> {
                undisturbed(() -> stage.call(Session::timerExpired));
                pump(); // it may have ended its stream
            });
        }
    }

    void runBlocking(Stage stage, Runnable work) {
        try {
            loop.environment().blocking().execute(() -> {
                Throwable failure = null;
                try {
                    work.run();
                } catch (Throwable t) {
                    failure = t;
                }
                Throwable thrown = failure;
                workDone(stage, thrown);
            });
        } catch (RejectedExecutionException | OutOfMemoryError e) { // no thread can be had
            workDone(stage, e);
        }
    }

    private void workDone(Stage stage, @Nullable Throwable failure) {
        Runnable goOn = () -> blockingDone(stage, failure);
        loop.enqueue(new Handle(loop, "blocking work of ", link, () -> link.attempt(goOn)));
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

    /** From now on nothing is decoded; the wire is read to throw away what comes. */
    void decodeNoMore() {
        if (is(DISCARDING)) {
            return;
        }
        set(DISCARDING, true);
        set(PAUSED, false);
        stack.stopTimers();
        if (!decoding) {
            stack.releaseInput();
        }
        if (is(WIRE_PAUSED)) {
            set(WIRE_PAUSED, false);
            link.wire().resumeReads();
        }
    }

    /** Nobody wants messages any more, but a byte layer has something to finish (its handshake) before we may close. */
    void ignoreMessages() {
        set(DEAF, true);
        set(PAUSED, false);
        if (!decoding) {
            releaseUseless();
        }
        updateReading();
        later();
    }

    /** The last thing; within a message's delivery the bytes that it came from are let go of only after it. */
    void close() {
        set(DISCARDING, true);
        stack.closeSessions();
        if (!decoding) {
            stack.releaseInput();
        }
    }

    /** As a Node it goes on with decoding. */
    @Override
    void execute() {
        pumpQueued = false;
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
