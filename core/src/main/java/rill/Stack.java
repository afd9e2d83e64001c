package rill;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The sessions of a connection, one on top of the other. It belongs to the {@link Link}, and both halves use it: bytes pass up through it in
 * {@link Inbound}, and down in {@link Outbound}. An {@link Installation} puts the sessions in place; until the first one there are none.
 */
final class Stack {
    private static final Stage[] NONE = {};

    // Most connections have one stage, which needs no array.
    private @Nullable Stage bottom;
    private Stage[] others = NONE; // those above it, from below: further byte layers, and the codec at the top

    boolean isEmpty() {
        return bottom == null;
    }

    int size() {
        return bottom == null ? 0 : 1 + others.length;
    }

    Stage get(int level) {
        return level == 0 ? bottom() : others[level - 1];
    }

    Stage bottom() {
        return Objects.requireNonNull(bottom);
    }

    Stage top() {
        return get(others.length);
    }

    /** Puts the stages of a pipeline in place; those from {@code kept} on are new. Bytes that were not decoded yet are handed over to them. */
    void install(Stage[] next, int kept) {
        Stage[] replaced = isEmpty() ? NONE : stages();
        bottom = next[0];
        others = next.length == 1 ? NONE : Arrays.copyOfRange(next, 1, next.length);
        for (int i = Math.max(0, kept - 1); i < next.length - 1; i++) {
            next[i].above = next[i + 1];
        }
        if (replaced.length > kept) {
            next[kept].takeRest(replaced[kept]);
        }
        for (int i = kept; i < replaced.length; i++) {
            replaced[i].replacedBy(next[Math.min(i, next.length - 1)]);
        }
        for (int i = kept; i < replaced.length; i++) {
            replaced[i].close();
        }
    }

    private Stage[] stages() {
        var stages = new Stage[size()];
        for (int i = 0; i < stages.length; i++) {
            stages[i] = get(i);
        }
        return stages;
    }

    // ---- all of them

    /** Whether one of the sessions is being called, other than to encode. */
    boolean inCall() {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            if (stage.inCall()) {
                return true;
            }
        }
        return false;
    }

    /** Whether every stage has consumed what arrived, and waits for nothing else. */
    boolean settled() {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            if (!stage.settled()) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether bytes wait for a receiver, for work elsewhere, or to be resumed. An incomplete message is not counted, since it will never be
     * completed.
     */
    boolean waits() {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            if (stage.waits()) {
                return true;
            }
        }
        return false;
    }

    /** Whether a stage may continue whose obstacle is gone. */
    boolean mayGoOn() {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            if (stage.waits() && stage.mayDecode()) {
                return true;
            }
        }
        return false;
    }

    /** Whether every layer passes on what is written above it: none is still in its handshake. */
    boolean ready() {
        return unready() == null;
    }

    /** The lowest layer that is still in its handshake, by the class of its session. */
    String nameOfUnready() {
        Stage unready = unready();
        return unready == null ? "none" : unready.name();
    }

    /** Whether a layer is still in its handshake although the peer will send nothing more: the stream has ended, or the stream within it. */
    boolean waitsInVain() {
        Stage unready = unready();
        return unready != null && (unready.knowsOfEnd() || unready.hasEnded());
    }

    /** Whether a layer is still in its handshake, and no work elsewhere can change that: for when nothing more arrives. */
    boolean isNeverReady() {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            if (stage.isWorking()) {
                return false;
            }
        }
        return !ready();
    }

    private @Nullable Stage unready() {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            if (stage.holdsWrites()) {
                return stage;
            }
        }
        return null;
    }

    /** Whether each stage below this one was ready before. */
    boolean wasReadyBelow(Stage above) {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            if (stage == above) {
                return true;
            }
            if (!stage.wasReady()) {
                return false;
            }
        }
        return true;
    }

    /** A stage is ready for the first time: the timers of those above it start, up to the next one that is not ready. */
    void gotReady(Stage below) {
        boolean above = false;
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            if (above) {
                stage.readyBelow();
            }
            if (!stage.wasReady()) {
                return;
            }
            above |= stage == below;
        }
    }

    /** What a session has found out, searched from the top down; null if none has found out anything of this type. */
    <T> @Nullable T info(Class<T> type) {
        for (int i = size() - 1; i >= 0; i--) {
            Object info = get(i).session.info();
            if (type.isInstance(info)) {
                return type.cast(info);
            }
        }
        return null;
    }

    /** A number that changes whenever something that was waiting is taken. */
    long taken() {
        long taken = 0;
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            taken += stage.taken();
        }
        return taken;
    }

    /** The number of bytes that were written and have not reached the wire. */
    long outputBytes() {
        long bytes = 0;
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            bytes += stage.output.bytes();
        }
        return bytes;
    }

    void releaseInput() {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            stage.releaseInput();
        }
    }

    void releaseOutput() {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            stage.output.release();
        }
    }

    void stopTimers() {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            stage.stopTimer();
        }
    }

    void closeSessions() {
        for (Stage stage = bottom; stage != null; stage = stage.above) {
            stage.closeSession();
        }
    }
}
