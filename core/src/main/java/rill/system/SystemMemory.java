package rill.system;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import rill.spi.Memory;

/**
 * The memory of this process, shared by all loops: slabs, from which pieces are allocated, under one bound.
 *
 * <p>A slab that has been free as a whole for a while is returned to the system on a separate thread. This waits until every thread has been seen not
 * to use it, which can take 100 ms on a busy machine. Allocating a piece and freeing it involve no such wait.
 *
 * <p><b>Threading:</b> any thread. The state is guarded by this; a slab is made and closed outside the lock.
 */
public final class SystemMemory implements Memory {
    private static final int KIB = 1024;
    private static final int MIB = KIB * KIB;

    /** Slabs up to this total are never returned: few programs need more. */
    private static final long FOR_GOOD = MIB;

    /** Up to this total, pieces may be kept after their use. */
    private static final long LASTING = 8 * MIB;

    private static final int SMALLEST_SLAB = 256 * KIB;
    private static final int LARGEST_SLAB = Slab.UNIT << Slab.MOST_SHARED;

    /** A new slab is as large as this fraction of what is held already. */
    private static final int GROWTH = 4;

    /** Below this the bound is not looked up; above it, it is looked up by the thread… */
    private static final long WITHOUT_LOOKING = 4 * MIB;

    /** …and from here on it has to be known. */
    private static final long WITHOUT_KNOWING = 32 * MIB;

    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int ORDERS = 20;
    private static final int LARGEST_POWER = 1 << 30;

    /** The memory of all loops of this process. */
    public static final SystemMemory INSTANCE = new SystemMemory(0, IDLE_NANOS);

    private final long idleNanos;
    private final @Nullable Slab[] bins = new @Nullable Slab[ORDERS]; // by the largest free piece
    private long held; // bytes of all slabs
    private long out; // … of which are allocated
    private volatile long limit; // 0 if not known yet
    private boolean directRefused; // by the JVM, which counts the slabs for good
    private boolean tended; // by the thread that closes idle slabs

    /**
     * @param limit the bound; 0 for the JVM's
     * @param idleNanos how long a slab is free before it is returned; at most twice as long
     */
    SystemMemory(long limit, long idleNanos) {
        this.limit = limit;
        this.idleNanos = idleNanos;
    }

    @Override
    public Piece allocate(int bytes) {
        int order = Slab.orderOf(bytes);
        Taken taken = take(order, bytes);
        return taken != null ? taken : adopt(newSlab(bytes), order, bytes);
    }

    // ---- pieces

    private synchronized @Nullable Taken take(int order, int bytes) {
        if (order > Slab.MOST_SHARED) {
            Slab whole = bytes > LARGEST_POWER ? null : bins[order];
            return whole == null ? null : takeOf(whole, order, bytes);
        }
        for (int o = order; o <= Slab.MOST_SHARED; o++) {
            Slab slab = bins[o];
            if (slab != null) {
                return takeOf(slab, order, bytes);
            }
        }
        return null;
    }

    private synchronized Taken takeOf(Slab slab, int order, int bytes) {
        int before = slab.largest();
        int node = slab.take(order);
        moved(slab, before);
        out += bytes;
        return new Taken(slab, node, slab.bytes(node, bytes));
    }

    private synchronized Taken adopt(Slab fresh, int order, int bytes) {
        link(fresh);
        return takeOf(fresh, order, bytes);
    }

    private synchronized void give(Taken piece) {
        int before = piece.slab.largest();
        piece.slab.give(piece.node);
        out -= piece.bytes.capacity();
        moved(piece.slab, before);
        if (piece.slab.idle() && !piece.slab.staysForGood()) {
            tend();
        }
    }

    private final class Taken implements Piece {
        private final Slab slab;
        private final int node;
        private final ByteBuffer bytes;
        private boolean released;

        Taken(Slab slab, int node, ByteBuffer bytes) {
            this.slab = slab;
            this.node = node;
            this.bytes = bytes;
        }

        @Override
        public ByteBuffer bytes() {
            return bytes;
        }

        @Override
        public void release() {
            synchronized (SystemMemory.this) {
                if (released) {
                    throw new IllegalStateException("this memory was released before");
                }
                released = true;
                give(this);
            }
        }

        @Override
        public boolean lasting() {
            return slab.lasting;
        }
    }

    // ---- bins

    private void moved(Slab slab, int before) {
        if (slab.largest() != before) {
            if (before >= 0) {
                unlink(slab, before);
            }
            link(slab);
        }
    }

    private void link(Slab slab) {
        int bin = slab.largest();
        if (bin >= 0) {
            Slab first = bins[bin];
            slab.next = first;
            if (first != null) {
                first.previous = slab;
            }
            bins[bin] = slab;
        }
    }

    private void unlink(Slab slab, int bin) {
        if (slab.previous != null) {
            slab.previous.next = slab.next;
        } else {
            bins[bin] = slab.next;
        }
        if (slab.next != null) {
            slab.next.previous = slab.previous;
        }
        slab.previous = null;
        slab.next = null;
    }

    // ---- slabs

    /** Makes a slab with room for a piece of at least this many bytes. */
    private Slab newSlab(int bytes) {
        int size = reserve(bytes);
        try {
            return made(size);
        } catch (Throwable t) {
            unreserve(size);
            throw t;
        }
    }

    private Slab made(int size) {
        if (staysForGood()) {
            try {
                return Slab.forGood(size);
            } catch (OutOfMemoryError e) {
                refusedDirect();
            }
        }
        return Slab.make(size, held() <= LASTING);
    }

    private synchronized boolean staysForGood() {
        return held <= FOR_GOOD && !directRefused;
    }

    private synchronized void refusedDirect() {
        directRefused = true;
    }

    synchronized long held() {
        return held;
    }

    synchronized long out() {
        return out;
    }

    /** Counts a new slab, and returns its size. */
    private int reserve(int bytes) {
        learnLimit(bytes);
        int size = tryReserve(bytes);
        if (size == 0) {
            closeAll(idleSlabs(true)); // on this thread for once: nothing else is left to do
            size = tryReserve(bytes);
        }
        if (size == 0) {
            throw new OutOfMemoryError("the buffers of all loops together hold " + held() + " bytes, the limit is "
                    + limit + "; -XX:MaxDirectMemorySize raises it");
        }
        return size;
    }

    private void learnLimit(int bytes) {
        if (limit == 0 && held() + bytes > WITHOUT_KNOWING) {
            limit = DirectLimit.BYTES; // waits if another thread is looking it up
        }
    }

    /** Returns the size of the slab, or 0 if there is no room for it. */
    private synchronized int tryReserve(int bytes) {
        int whole = bytes > LARGEST_POWER ? bytes : Slab.UNIT << Slab.orderOf(bytes);
        long room = limit == 0 ? Long.MAX_VALUE : limit - held;
        if (whole > room) {
            return 0;
        }
        long wanted = Math.clamp(Long.highestOneBit(held / GROWTH), SMALLEST_SLAB, LARGEST_SLAB);
        int size = (int) Math.max(whole, Math.min(wanted, Long.highestOneBit(room)));
        held += size;
        if (limit == 0 && held > WITHOUT_LOOKING) {
            tend();
        }
        return size;
    }

    private synchronized void unreserve(long size) {
        held -= size;
    }

    // ---- giving back

    /** Makes sure that the thread which closes idle slabs is running. */
    private void tend() {
        if (!tended) {
            tended = true;
            Thread thread = Thread.ofPlatform()
                    .name("rill-memory")
                    .daemon()
                    .inheritInheritableThreadLocals(false)
                    .unstarted(this::tending);
            thread.setContextClassLoader(null); // not that of the code that happened to be first
            try {
                thread.start();
            } catch (OutOfMemoryError e) {
                tended = false; // no thread is available now; another slab will be idle later
            }
        }
    }

    private void tending() {
        try {
            if (limit == 0) {
                limit = DirectLimit.BYTES;
            }
            while (waitAWhile()) {
                closeAll(idleSlabs(false));
            }
        } catch (Throwable t) {
            tendNoMore();
            throw t;
        }
    }

    private synchronized void tendNoMore() {
        tended = false;
    }

    /** Returns false, and the thread ends, if nothing is idle. Waits in real time, whatever the loops' clock. */
    private boolean waitAWhile() {
        synchronized (this) {
            if (!anyIdle()) {
                tended = false;
                return false;
            }
        }
        LockSupport.parkNanos(this, idleNanos);
        return true;
    }

    private boolean anyIdle() {
        for (Slab first : bins) {
            for (Slab slab = first; slab != null; slab = slab.next) {
                if (slab.idle() && !slab.staysForGood()) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Removes idle slabs from the bins and returns them: all of them if {@code now}, otherwise those that were already idle at the last check. */
    private synchronized List<Slab> idleSlabs(boolean now) {
        var idle = new ArrayList<Slab>();
        for (int bin = 0; bin < ORDERS; bin++) {
            for (Slab slab = bins[bin], next; slab != null; slab = next) {
                next = slab.next;
                if (slab.idle() && !slab.staysForGood()) {
                    if (now || slab.idleBefore) {
                        unlink(slab, bin);
                        idle.add(slab);
                    }
                    slab.idleBefore = true;
                }
            }
        }
        return idle;
    }

    private void closeAll(List<Slab> idle) {
        for (Slab slab : idle) {
            slab.close();
            unreserve(slab.size());
        }
    }
}
