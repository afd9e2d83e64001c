package rill.codec.resp;

import java.io.IOException;

/**
 * What the unfinished messages of all connections over one codec take on the heap together, and its bound. A limit of each
 * message alone would let enough connections fill any heap.
 *
 * <p>A message is counted once it is large, and then in steps, so an ordinary one never comes here.
 *
 * <p><b>Threading:</b> any.
 */
final class Unfinished {
    /** What a connection may hold uncounted, in bytes. */
    static final int STEP = 16 * 1024;

    private final long bound;
    private long taken;

    Unfinished(long bound) {
        this.bound = bound;
    }

    synchronized void take(long bytes) throws IOException {
        if (bytes > bound - taken) {
            throw new IOException(
                    "no room for " + bytes + " more bytes of an unfinished message: those of all connections" + " take "
                            + taken + " of " + bound + " bytes (RespOptions.unfinishedBytes)");
        }
        taken += bytes;
    }

    synchronized void giveBack(long bytes) {
        taken -= bytes;
    }

    synchronized long taken() {
        return taken;
    }

    /** What one connection keeps, counted in steps. */
    static final class Kept {
        private final Unfinished all;
        private long taken;

        Kept(Unfinished all) {
            this.all = all;
        }

        /** So much is kept now. */
        void hold(long bytes) throws IOException {
            long more = bytes - taken;
            if (more > STEP) {
                all.take(more);
                taken = bytes;
            }
        }

        /** Nothing is kept any more. */
        void giveBack() {
            if (taken > 0) {
                all.giveBack(taken);
                taken = 0;
            }
        }
    }
}
