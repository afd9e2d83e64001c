package rill.transport.uring;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import rill.transport.epoll.linux.SocketAddressArea;

/**
 * Memory that requests point to and that the kernel reads when it takes them, not later: addresses, and the structures that say where bytes are.
 * Until then, each request that needs it has a place here.
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
    /** How many requests between two enters may have such a place. */
    static final int PLACES = 64;

    /** The most parts of one message. */
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

    /** Frees all places, because the kernel has taken all requests. */
    void clear() {
        used = 0;
    }

    boolean isFull() {
        return used == PLACES;
    }

    private void take() {
        place = (long) used++ * PLACE;
    }

    /** Copies an address to a place, and returns where that is. */
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

    /** Returns how many parts it has. */
    int parts() {
        return parts;
    }

    /** Returns how many bytes it has. */
    long bytes() {
        return bytes;
    }

    /** Frees the last place taken, because nothing points to it. */
    void giveBack() {
        used--;
    }

    /** Returns the address of the {@code msghdr}. */
    long finished() {
        places.set(JAVA_LONG, place + IOV, places.address() + place + MESSAGE);
        places.set(JAVA_LONG, place + IOV_COUNT, (long) parts);
        return places.address() + place;
    }
}
