package rill.codec.resp;

import java.io.IOException;

/**
 * Bounds what the unfinished messages of all connections over one codec take on the heap together. With a limit for each message alone, enough
 * connections would fill any heap.
 *
 * <p>A message is counted only once it is large, and then in steps, so that ordinary messages cost nothing here.
 *
 * <p><b>Threading:</b> any.
 */
final class Unfinished {
    /** The uncounted allowance of a connection, in bytes. */
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

    /** What one connection holds, counted in steps. */
    static final class Kept {
        private final Unfinished all;
        private long taken;

        Kept(Unfinished all) {
            this.all = all;
        }

        /** The connection now holds this many bytes. */
        void hold(long bytes) throws IOException {
            long more = bytes - taken;
            if (more > STEP) {
                all.take(more);
                taken = bytes;
            }
        }

        /** The connection holds nothing any more. */
        void giveBack() {
            if (taken > 0) {
                all.giveBack(taken);
                taken = 0;
            }
        }
    }
}
