package rill.transport.uring;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import rill.transport.epoll.linux.SocketAddressArea;

/**
 * Memory for what requests point to and the kernel reads when it takes them, not later: addresses, and the structures that say where
 * bytes lie. Each request that needs some has a place here until then.
 *
 * <pre>
 *  place     msghdr 56, up to 64; then up to {@value #PARTS} of iovec 16
 *  iovec     address 8 | length 8
 *  msghdr    … iov at 16, count at 24 …
 * </pre>
 *
 * <p><b>Source:</b> IORING_FEAT_SUBMIT_STABLE in io_uring_setup(2); sendmsg(2).
 */
final class Scratch {
    /** Requests between two enters that may have such a place. */
    static final int PLACES = 64;

    /** Parts of one message. */
    static final int PARTS = 64;

    private static final int MESSAGE = 64;
    private static final int PART = 16;
    private static final int PLACE = MESSAGE + PARTS * PART;
    private static final long IOV = 16;
    private static final long IOV_COUNT = 24;

    private final MemorySegment places;
    private int used;
    private long place;
    private int parts;
    private long bytes;

    Scratch(Arena arena) {
        places = arena.allocate((long) PLACES * PLACE, Long.BYTES);
    }

    /** The kernel has taken all requests. */
    void clear() {
        used = 0;
    }

    boolean isFull() {
        return used == PLACES;
    }

    private void take() {
        place = (long) used++ * PLACE;
    }

    /** Copies an address; where it is then. */
    long address(SocketAddressArea address, int size) {
        take();
        address.copyTo(places, place, size);
        return places.address() + place;
    }

    // ---- a message

    /** Begins a message without parts. */
    void message() {
        take();
        for (int i = 0; i < MESSAGE; i += Long.BYTES) {
            places.set(JAVA_LONG, place + i, 0L);
        }
        parts = 0;
        bytes = 0;
    }

    boolean hasRoom() {
        return parts < PARTS;
    }

    void part(long address, int length) {
        long at = place + MESSAGE + (long) parts * PART;
        places.set(JAVA_LONG, at, address);
        places.set(JAVA_LONG, at + 8, (long) length);
        parts++;
        bytes += length;
    }

    /** How many parts it has. */
    int parts() {
        return parts;
    }

    /** How many bytes. */
    long bytes() {
        return bytes;
    }

    /** Nothing points to the last place that was taken. */
    void giveBack() {
        used--;
    }

    /** The address of the {@code msghdr}. */
    long finished() {
        places.set(JAVA_LONG, place + IOV, places.address() + place + MESSAGE);
        places.set(JAVA_LONG, place + IOV_COUNT, (long) parts);
        return places.address() + place;
    }
}
