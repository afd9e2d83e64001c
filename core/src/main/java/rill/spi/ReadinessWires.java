package rill.spi;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the Wires of one readiness Selector share, so that an idle one holds none of it: the loop's receive buffer, the list of those
 * that have something to tell which no readiness will announce (that they were closed, that they were accepted, that a half-close
 * wrote bytes), and spare queues for those that have something to write.
 *
 * <p>A readiness Selector polls instead of blocking while anything is {@link #undelivered}, and calls {@link #deliver} in each
 * {@link Selector#select}. <b>Threading:</b> the Selector's driver.
 */
public final class ReadinessWires {
    /** Spare queues: those of the Wires that are written to at the same time, most of which are empty again after one flush. */
    private static final int MOST_SPARE = 16;

    private final Supplier<ByteBuf> receiveBuffer;
    private final ArrayDeque<ReadinessWire> undelivered = new ArrayDeque<>();
    private @Nullable WriteQueue spare; // the first of them
    private int spareCount;

    /** What is shared by no Wire yet; with the receive buffer that {@link Transport#open} was given. */
    public ReadinessWires(Supplier<ByteBuf> receiveBuffer) {
        this.receiveBuffer = receiveBuffer;
    }

    ByteBuf receiveBuffer() {
        return receiveBuffer.get();
    }

    // ---- undelivered events

    void add(ReadinessWire wire) {
        undelivered.add(wire);
    }

    /** How many Wires have something to tell. */
    public int undelivered() {
        return undelivered.size();
    }

    /** Delivers to so many Wires, those that have waited longest; what listeners cause by it waits for another call. */
    public void deliver(int count) {
        for (int n = count; n > 0; n--) {
            undelivered.remove().deliver();
        }
    }

    // ---- queues

    WriteQueue takeQueue() {
        WriteQueue queue = spare;
        if (queue == null) {
            return new WriteQueue();
        }
        spare = queue.nextSpare;
        queue.nextSpare = null;
        spareCount--;
        return queue;
    }

    /** Takes back one that is empty, with nothing to report. */
    void giveBack(WriteQueue queue) {
        if (spareCount < MOST_SPARE) {
            queue.nextSpare = spare;
            spare = queue;
            spareCount++;
        }
    }
}
