package rill;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * The reading half of a connection: from bytes up through the stages to the receiver, and everything that can hold it up.
 *
 * <p>Decoding waits while the user has paused, the protocol was stopped, work runs elsewhere, or the receiver wants no message
 * now. What was read already waits in the stages' rests, and is decoded from a Handle, in order, before what comes later; the
 * end of input and a close by the peer queue up behind it.
 */
final class Inbound extends Node {
    /** Bytes that may wait undecoded, in front of each stage, before the one below or the wire is stopped. */
    static final int READ_AHEAD = Buffers.SIZE;

    private final Link link;
    private final Loop loop;
    private Stage[] stages = {};
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
    private boolean decoding; // guards against nested decoding
    private boolean endDelivered;

    Inbound(Link link, Loop loop) {
        this.link = link;
        this.loop = loop;
    }

    private boolean is(int anyOf) {
        return (conditions & anyOf) != 0;
    }

    private void set(int condition, boolean holds) {
        conditions = holds ? conditions | condition : conditions & ~condition;
    }

    Stage[] stages() {
        return stages;
    }

    Stage top() {
        return stages[stages.length - 1];
    }

    // ---- stages

    /**
     * The stages of a pipeline, of which the byte layers that it shares with the present one are there already. If a codec can't open a
     * session, nothing has changed.
     */
    Stage[] stagesOf(Pipeline<?, ?> pipeline, @Nullable Pipeline<?, ?> before, SessionContext context) {
        int kept = kept(pipeline, before);
        int size = pipeline.layers().size() + 1;
        var next = new Stage[size];
        System.arraycopy(stages, 0, next, 0, kept);
        int opened = kept;
        try {
            for (; opened < size; opened++) {
                boolean isCodec = opened == size - 1;
                Codec<?, ?> codec =
                        isCodec ? pipeline.codec() : pipeline.layers().get(opened);
                next[opened] = newStage(codec, isCodec, opened, context);
            }
        } finally {
            for (int i = kept; opened < size && i < opened; i++) {
                next[i].close();
            }
        }
        return next;
    }

    /** Puts the stages of a pipeline in place. */
    void install(Stage[] next, Pipeline<?, ?> pipeline, @Nullable Pipeline<?, ?> before) {
        int kept = kept(pipeline, before);
        Stage[] replaced = stages;
        stages = next;
        set(STOPPED, false);
        endDelivered = false;
        if (replaced.length > kept) {
            next[kept].takeRest(replaced[kept]);
            replaceReceiver();
        }
        for (int i = kept; i < replaced.length; i++) {
            replaced[i].close();
        }
        for (int i = kept; i < next.length && !is(DISCARDING); i++) {
            next[i].call(Session::opened);
        }
        later();
    }

    @SuppressWarnings("unchecked")
    private Stage newStage(Codec<?, ?> codec, boolean isCodec, int level, SessionContext context) {
        var session = (Session<Object, Object>) (isCodec ? OwnedBuffers.open(codec, context) : codec.open(context));
        var kind = isCodec ? Stage.ByteLayerOrCodec.CODEC : Stage.ByteLayerOrCodec.BYTE_LAYER;
        return new Stage(this, loop, kind, level, session);
    }

    private static int kept(Pipeline<?, ?> pipeline, @Nullable Pipeline<?, ?> before) {
        return before == null ? 0 : shared(before.layers(), pipeline.layers());
    }

    private static int shared(List<ByteLayer> before, List<ByteLayer> after) {
        int n = 0;
        while (n < before.size() && n < after.size() && before.get(n) == after.get(n)) {
            n++;
        }
        return n;
    }

    /** Messages of the new pipeline wait for a receiver of their own. */
    void replaceReceiver() {
        Receiver<Object> old = receiver;
        receiver = null;
        if (old != null) {
            old.replaced();
        }
    }

    /** Throws if replacing the pipeline would lose bytes that a layer to be replaced has decoded already. */
    void requireReplaceable(Pipeline<?, ?> before, Pipeline<?, ?> after) {
        int kept = shared(before.layers(), after.layers());
        for (int i = kept + 1; i < stages.length; i++) {
            if (stages[i].hasRest()) {
                throw new IllegalStateException("become: " + stages[i].restBytes()
                        + " bytes were decoded by a layer that is to be replaced; keep that layer, or stop() earlier");
            }
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

    /** Whether it has not been replaced. */
    private boolean inPlace(Stage stage) {
        return stage.level < stages.length && stages[stage.level] == stage;
    }

    /** Whether a stage may be asked for more now. */
    boolean mayDecode(Stage stage) {
        if (is(DISCARDING | CONGESTED) || stage.blocked() || stage.ended || !inPlace(stage)) {
            return false;
        }
        if (stage.level < stages.length - 1) {
            return !is(PAUSED) && (is(DEAF) || stages[stage.level + 1].takesMore());
        }
        return wantsMessage() || (stage.holdsWrites && !stage.holdsMessages() && !is(STOPPED | PAUSED));
    }

    /** Whether messages are of no use any more. */
    boolean isDeaf() {
        return is(DEAF);
    }

    /** Whether the session on top is of no use any more, since nothing waits for it to let writes go. */
    private boolean isTopDeaf() {
        return is(DEAF) && !top().holdsWrites;
    }

    /** Whether a message may come out of the top now. */
    boolean wantsMessage() {
        return !is(STOPPED | PAUSED | DEAF | DISCARDING | FINISHING) && receiver != null && receiver.wantsMessage();
    }

    /** Who keeps what a stage has left over: the stage that has replaced it, if one has; nobody if it is of no use any more. */
    @Nullable
    Stage keeper(Stage stage) {
        return is(DISCARDING) || (stage.level == stages.length - 1 && isTopDeaf()) ? null : stages[stage.level];
    }

    // ---- events from the wire

    @Nullable
    ByteBuf readTarget() {
        return stages.length == 0 || is(DISCARDING) ? null : stages[0].readTarget();
    }

    void read(ByteBuf bytes) {
        Stage bottom = stages[0];
        decoding = true;
        try {
            if (bytes == bottom.rest) {
                bottom.decodeReadInPlace();
            } else {
                bottom.feed(bytes);
                if (bytes.refCnt() == 0) {
                    throw Stage.releasedTooOften();
                }
            }
            if (conditions != 0 || !settled()) {
                whatFollows();
            }
        } finally {
            decodingEnds();
        }
    }

    /** Whether every stage has consumed what came, and waits for nothing else. */
    private boolean settled() {
        for (Stage stage : stages) {
            if (!stage.settled()) {
                return false;
            }
        }
        return true;
    }

    private void decodingEnds() {
        decoding = false;
        if (is(DISCARDING)) {
            releaseInput();
        } else if (is(DEAF)) {
            releaseUseless();
        }
    }

    private void releaseUseless() {
        if (isTopDeaf()) {
            top().releaseInput();
        } else {
            top().releaseMessages();
        }
    }

    private void releaseInput() {
        for (Stage stage : stages) {
            stage.releaseInput();
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
        if (stages.length > 0) {
            stages[0].noMoreComes();
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
        return stages[0].heard();
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
            for (int i = stages.length - 1; i >= 0 && !is(DISCARDING); i--) {
                stages[Math.min(i, stages.length - 1)].goOn();
            }
            whatFollows();
        } finally {
            decodingEnds();
        }
    }

    private void whatFollows() {
        for (int i = 0; i < stages.length && !is(DISCARDING); i++) {
            if (stages[i].waits() && mayDecode(stages[i])) {
                later(); // held up by something that is over
            }
        }
        tellEnd();
        updateReading();
        if (is(BROKEN) && !is(DISCARDING)) {
            link.whileBroken(somethingWaits(), is(WIRE_PAUSED));
        }
    }

    /** Whether bytes wait for a receiver, for work elsewhere, or to be resumed; an unfinished message never will be finished. */
    private boolean somethingWaits() {
        for (Stage stage : stages) {
            if (stage.waits()) {
                return true;
            }
        }
        return false;
    }

    /** Whether no message that waits will be handed out any more. */
    boolean finishing() {
        return is(FINISHING);
    }

    /** Changes with whatever is taken of what waits. */
    long taken() {
        long taken = 0;
        for (Stage stage : stages) {
            taken += stage.taken();
        }
        return taken;
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
        for (int i = 0; i < stages.length - (isTopDeaf() ? 1 : 0) && !is(DISCARDING); i++) {
            Stage stage = stages[i];
            if (endsBelow && !stage.ended && !stage.endTold && !stage.waits()) {
                stage.endTold = true;
                ByteBuf rest = stage.rest;
                ByteBuf seen = rest == null ? Unpooled.EMPTY_BUFFER : rest;
                stage.call((session, actions) -> session.inputEnded(seen, actions));
            }
            endsBelow = stage.ended;
        }
        if (!is(DISCARDING | DEAF) && top().ended && !top().waits()) {
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
        if (stages.length == 0 || is(DISCARDING)) {
            return;
        }
        Stage bottom = stages[0];
        boolean enough = bottom.restBytes() >= READ_AHEAD && !mayDecode(bottom);
        boolean pause = enough || is(PAUSED | CONGESTED);
        if (pause != is(WIRE_PAUSED)) {
            set(WIRE_PAUSED, pause);
            if (pause) {
                link.wire().pauseReads();
            } else {
                link.wire().resumeReads();
            }
        }
    }

    /** A message, or a byte layer's bytes, come out of a stage. */
    void deliver(Stage from, Object message) {
        if (from.kind == Stage.ByteLayerOrCodec.BYTE_LAYER) {
            stages[from.level + 1].feed((ByteBuf) message);
        } else if (is(DISCARDING | DEAF) || receiver == null) {
            Messages.release(message);
        } else {
            link.messageArrived();
            try {
                receiver.message(message);
            } catch (Throwable t) {
                link.failed(from.placed(t), true);
            }
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

    void resume() {
        set(PAUSED, false);
        stopped(false);
    }

    /** No further message is begun; to the receiver, if it is to be told, it is as if the peer had ended its stream. */
    void finish(boolean tellReceiver) {
        set(FINISHING, true);
        if (tellReceiver) {
            deliverEnd();
        }
    }

    void timerDue(Stage stage) {
        if (!is(DISCARDING | BROKEN) && inPlace(stage)) { // of a peer that is gone nothing is waited for
            link.attempt(() -> {
                stage.call(Session::timerExpired);
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
        if (is(DISCARDING) || !inPlace(stage)) {
            return;
        }
        stage.unblocked();
        if (failure != null) {
            failed(failure);
        } else if (!stage.blocked()) {
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
        for (Stage stage : stages) {
            stage.stopTimer();
        }
        if (!decoding) {
            releaseInput();
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
        for (Stage stage : stages) {
            stage.closeSession();
        }
        if (!decoding) {
            releaseInput();
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
