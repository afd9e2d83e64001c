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
final class Inbound {
    /** Undecoded bytes up to which the wire is read ahead of the receiver. */
    private static final int READ_AHEAD = Buffers.SIZE;

    private final Link link;
    private final Loop loop;
    private final Pump pump = new Pump();
    private Stage[] stages = {};
    private @Nullable Receiver<Object> receiver;

    private boolean paused; // by the user
    private boolean stopped; // by a session or the user, until become or resume
    private boolean wirePaused;
    private boolean pumpQueued;
    private boolean decoding; // guards against nested decoding
    private boolean inputEnded; // by the peer
    private boolean endDelivered;
    private boolean discarding; // the connection is closing
    private boolean wireClosed;
    private @Nullable Throwable wireFailure;

    Inbound(Link link, Loop loop) {
        this.link = link;
        this.loop = loop;
    }

    Stage[] stages() {
        return stages;
    }

    Stage top() {
        return stages[stages.length - 1];
    }

    // ---- stages

    /** Puts the sessions of a pipeline in place; keeps the byte layers that it shares with the present one. */
    void install(Pipeline<?, ?> pipeline, @Nullable Pipeline<?, ?> before, SessionContext context) {
        int kept = before == null ? 0 : shared(before.layers(), pipeline.layers());
        int size = pipeline.layers().size() + 1;
        var next = new Stage[size];
        System.arraycopy(stages, 0, next, 0, kept);
        for (int i = kept; i < size; i++) {
            boolean isCodec = i == size - 1;
            Codec<?, ?> codec = isCodec ? pipeline.codec() : pipeline.layers().get(i);
            next[i] = newStage(codec, isCodec, i, context);
        }
        if (before != null) {
            moveRest(next, kept);
        }
        stages = next;
        stopped = false;
        for (int i = kept; i < size && !discarding; i++) {
            next[i].call(Session::opened);
        }
        later();
    }

    @SuppressWarnings("unchecked")
    private Stage newStage(Codec<?, ?> codec, boolean isCodec, int level, SessionContext context) {
        var session = (Session<Object, Object>) codec.open(context);
        var kind = isCodec ? Stage.ByteLayerOrCodec.CODEC : Stage.ByteLayerOrCodec.BYTE_LAYER;
        return new Stage(this, loop, kind, level, session);
    }

    private static int shared(List<ByteLayer> before, List<ByteLayer> after) {
        int n = 0;
        while (n < before.size() && n < after.size() && before.get(n) == after.get(n)) {
            n++;
        }
        return n;
    }

    /** What the lowest replaced stage has not consumed enters the lowest new one. */
    private void moveRest(Stage[] next, int kept) {
        for (int i = kept; i < stages.length; i++) {
            Stage old = stages[i];
            if (i == kept) {
                next[i].rest = old.rest;
                old.rest = null;
            }
            old.close();
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

    /** Whether a stage may be asked for more now. */
    boolean mayDecode(Stage stage) {
        if (discarding || stage.blocked || stage.ended || stages[stage.level] != stage) {
            return false;
        }
        if (stage.level < stages.length - 1) {
            return stages[stage.level + 1].restBytes() < READ_AHEAD && !paused;
        }
        return !stopped && !paused && receiver != null && receiver.wantsMessage();
    }

    /** Who keeps what a stage has left over: the stage that has replaced it, if one has; nobody if it is of no use any more. */
    @Nullable Stage keeper(Stage stage) {
        return discarding ? null : stages[stage.level];
    }

    // ---- events from the wire

    @Nullable ByteBuf readTarget() {
        return stages.length == 0 || discarding ? null : stages[0].readTarget();
    }

    void read(ByteBuf bytes) {
        Stage bottom = stages[0];
        decoding = true;
        try {
            if (bytes == bottom.rest) {
                bottom.decodeReadInPlace();
            } else {
                bottom.feed(bytes);
            }
            whatFollows();
        } finally {
            decoding = false;
        }
    }

    void ended() {
        inputEnded = true;
        pumpNow();
    }

    /** The wire is gone; what it brought before is still decoded. */
    void wireClosed(@Nullable Throwable cause) {
        wireClosed = true;
        wireFailure = cause;
        pumpNow();
    }

    boolean inputEnded() {
        return inputEnded;
    }

    // ---- going on

    /** Decodes from a Handle whatever can be decoded now. */
    void later() {
        if (!pumpQueued && !discarding) {
            pumpQueued = true;
            loop.enqueue(pump);
        }
    }

    private void pumpNow() {
        if (decoding) {
            later();
            return;
        }
        decoding = true;
        try {
            for (int i = stages.length - 1; i >= 0 && !discarding; i--) {
                stages[Math.min(i, stages.length - 1)].decodeRest();
            }
            whatFollows();
        } finally {
            decoding = false;
        }
    }

    /** Tries to decode one message right now, for a receiver that has just begun to want one. */
    void pumpForReceiver() {
        if (decoding) {
            later();
        } else {
            pumpNow();
        }
    }

    private void whatFollows() {
        for (int i = 1; i < stages.length && !discarding; i++) {
            if (stages[i - 1].hasRest() && mayDecode(stages[i - 1])) {
                later();
            }
        }
        tellEnd();
        updateReading();
        if (wireClosed && !discarding && (paused || nothingWaits())) {
            link.conclude(wireFailure);
        }
    }

    /** Whether no bytes wait for a receiver, for work elsewhere, or to be resumed; an unfinished message never will be finished. */
    private boolean nothingWaits() {
        for (Stage stage : stages) {
            if (stage.blocked || (stage.hasRest() && !mayDecode(stage))) {
                return false;
            }
        }
        return true;
    }

    /** Passes the end of input up, from stage to stage, as far as everything before it has been decoded. */
    private void tellEnd() {
        if (!inputEnded || paused) {
            return;
        }
        for (int i = 0; i < stages.length && !discarding; i++) {
            Stage stage = stages[i];
            boolean held = stopped && stage == top(); // the end belongs to the pipeline that is to come
            if (held || stage.blocked || (stage.hasRest() && !mayDecode(stage))) {
                return;
            }
            if (!stage.endTold && !stage.ended) {
                stage.endTold = true;
                ByteBuf rest = stage.rest;
                ByteBuf seen = rest == null ? Unpooled.EMPTY_BUFFER : rest;
                stage.call((session, actions) -> session.inputEnded(seen, actions));
            }
            if (!stage.ended) {
                return;
            }
        }
        if (!discarding) {
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
        if (stages.length == 0 || discarding) {
            return;
        }
        Stage bottom = stages[0];
        boolean enough = bottom.restBytes() >= READ_AHEAD && !mayDecode(bottom);
        boolean pause = paused || enough;
        if (pause != wirePaused) {
            wirePaused = pause;
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
        } else if (discarding || receiver == null) {
            Messages.release(message);
        } else {
            Receiver<Object> to = receiver;
            link.messageArrived();
            link.guarded(() -> to.message(message));
        }
    }

    // ---- from sessions and the user

    void failed(Throwable cause) {
        link.failed(cause, false);
    }

    void wroteBelow() {
        link.dirty();
    }

    void stopped(boolean nowStopped) {
        stopped = nowStopped;
        if (!nowStopped) {
            later();
        }
    }

    void pause() {
        paused = true;
        updateReading();
    }

    void resume() {
        paused = false;
        stopped(false);
    }

    void timerExpired(Stage stage) {
        if (!discarding && stages[stage.level] == stage) {
            stage.call(Session::timerExpired);
            later();
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
                loop.enqueue(new Handle(loop, "blocking work of " + link, () -> blockingDone(stage, thrown)));
            });
        } catch (RejectedExecutionException e) {
            loop.enqueue(new Handle(loop, "blocking work of " + link, () -> blockingDone(stage, e)));
        }
    }

    private void blockingDone(Stage stage, @Nullable Throwable failure) {
        if (discarding || stages[stage.level] != stage) {
            return;
        }
        stage.unblocked();
        if (failure != null) {
            failed(failure);
        } else {
            pumpNow();
            link.flushIfDirty();
        }
    }

    /** From now on nothing is decoded; the wire is read to throw away what comes. */
    void discard() {
        if (discarding) {
            return;
        }
        discarding = true;
        paused = false;
        for (Stage stage : stages) {
            stage.stopTimer();
            if (!decoding) {
                stage.releaseRest();
            }
        }
        if (wirePaused) {
            wirePaused = false;
            link.wire().resumeReads();
        }
    }

    void close() {
        discarding = true;
        for (Stage stage : stages) {
            stage.close();
        }
    }

    @Override
    public String toString() {
        return link.toString();
    }

    /** Goes on with decoding. */
    private final class Pump extends Node {
        @Override
        void execute() {
            pumpQueued = false;
            if (!discarding) {
                pumpNow();
                link.flushIfDirty();
            }
        }

        @Override
        String label() {
            return "decoding of " + link;
        }
    }
}
