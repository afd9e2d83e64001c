package rill;

import org.jspecify.annotations.Nullable;

/**
 * The sessions of a connection, one on top of the other. It belongs to the {@link Link}, and both halves use it: bytes pass up through it in
 * {@link Inbound}, and down in {@link Outbound}. An {@link Installation} puts the sessions in place; until the first one there are none.
 */
final class Stack {
    private Stage[] stages = {}; // from the bottom: byte layers, and the codec at the top

    boolean isEmpty() {
        return stages.length == 0;
    }

    int size() {
        return stages.length;
    }

    Stage get(int level) {
        return stages[level];
    }

    Stage bottom() {
        return stages[0];
    }

    Stage top() {
        return stages[stages.length - 1];
    }

    /** Puts the stages of a pipeline in place; those from {@code kept} on are new. Bytes that were not decoded yet are handed over to them. */
    void install(Stage[] next, int kept) {
        Stage[] replaced = stages;
        stages = next;
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

    // ---- all of them

    /** Whether one of the sessions is being called, other than to encode. */
    boolean inCall() {
        for (Stage stage : stages) {
            if (stage.inCall()) {
                return true;
            }
        }
        return false;
    }

    /** Whether every stage has consumed what arrived, and waits for nothing else. */
    boolean settled() {
        for (Stage stage : stages) {
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
        for (Stage stage : stages) {
            if (stage.waits()) {
                return true;
            }
        }
        return false;
    }

    /** Whether a stage may continue whose obstacle is gone. */
    boolean mayGoOn() {
        for (Stage stage : stages) {
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

    private @Nullable Stage unready() {
        for (Stage stage : stages) {
            if (stage.holdsWrites()) {
                return stage;
            }
        }
        return null;
    }

    /** Whether each stage below this one was ready before. */
    boolean wasReadyBelow(Stage above) {
        for (Stage stage : stages) {
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
        for (Stage stage : stages) {
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
        for (int i = stages.length - 1; i >= 0; i--) {
            Object info = stages[i].session.info();
            if (type.isInstance(info)) {
                return type.cast(info);
            }
        }
        return null;
    }

    /** A number that changes whenever something that was waiting is taken. */
    long taken() {
        long taken = 0;
        for (Stage stage : stages) {
            taken += stage.taken();
        }
        return taken;
    }

    /** The number of bytes that were written and have not reached the wire. */
    long outputBytes() {
        long bytes = 0;
        for (Stage stage : stages) {
            bytes += stage.output.bytes();
        }
        return bytes;
    }

    void releaseInput() {
        for (Stage stage : stages) {
            stage.releaseInput();
        }
    }

    void releaseOutput() {
        for (Stage stage : stages) {
            stage.output.release();
        }
    }

    void stopTimers() {
        for (Stage stage : stages) {
            stage.stopTimer();
        }
    }

    void closeSessions() {
        for (Stage stage : stages) {
            stage.closeSession();
        }
    }
}
