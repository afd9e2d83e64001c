package rill.testkit.storm;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import rill.ByteLayer;
import rill.Framing;
import rill.Loop;
import rill.spi.Transport;

/**
 * Where a storm takes place: a transport, and how its loops are driven and time passes there. Made anew for each program.
 *
 * <p><b>Threading:</b> called by the thread that runs the program, unless a method says otherwise.
 */
public interface World extends AutoCloseable {
    /** What to call it. */
    String name();

    /** Whether everything happens on one thread, in virtual time, and in the same way for the same seed. */
    boolean virtual();

    /** How many programs may run side by side, each in a world like this one: by default two in virtual time, and one at a time elsewhere. */
    default int atOnce() {
        return virtual() ? 2 : 1;
    }

    /** The transport of a loop: 0 to 2. */
    Transport transport(int loop) throws IOException;

    /** Where loop {@code loop} can listen; a port of 0 means any. */
    SocketAddress address(int loop) throws IOException;

    /** The same address, but by a name that the loops' resolver knows; itself where there are no names. */
    default SocketAddress named(SocketAddress address) {
        return address;
    }

    /** A loop was opened; from now on it is driven as this world does it. */
    void opened(Loop loop, int number);

    /** Framings by name that pipelines are to be made of here, besides the storm's own; they carry letters of digits and small letters. */
    default Map<String, Framing> framings() {
        return Map.of();
    }

    /**
     * Byte layers by name that pipelines are to be made of here, besides the storm's own. Each is at both ends of a connection: where the two
     * have parts of their own, {@link rill.Context#target} tells which end it is.
     */
    default Map<String, ByteLayer> layers() {
        return Map.of();
    }

    /** Gives loops some turns: in virtual time so many ticks at most. */
    void turns(int count);

    /** Lets so much time pass; in real time less of it will do. */
    void pass(Duration time);

    /** Lets time pass until {@code done} says so, or there is no sense in waiting any longer, or {@code limit} is over. */
    void until(Duration limit, BooleanSupplier done);

    /** Holds the calling loop, in a Handle of it. */
    void hold(Duration time);

    /** What one end, known by its own address and its peer's, has sent arrives so much later, or never: then both are reset. */
    default void disturb(SocketAddress end, SocketAddress peer, boolean reset, Duration time) {}

    /** Whether one end, known by its own address and its peer's, has sent a reset, so that what it wrote may be lost; true if unknown. */
    default boolean mayHaveReset(SocketAddress end, SocketAddress peer) {
        return true;
    }

    /** Whether a reset may be lost on its way, as any segment; nobody sends it again. */
    default boolean losesResets() {
        return false;
    }

    /** Has it called on another platform thread, soon; at once where all is one thread. What is given so is called in order. */
    default void onThread(Runnable call) {
        call.run();
    }

    /** Has it called on a virtual thread, soon; at once where all is one thread. What is given so is called in order. */
    default void onVirtualThread(Runnable call) {
        call.run();
    }

    /** Which thread outside of the loops this is: 0, 4 for that of {@link #onThread}, 5 for that of {@link #onVirtualThread}. */
    default int thread() {
        return 0;
    }

    /** Returns when what was given to those two threads is done. */
    default void join() {}

    /** A world in memory, in virtual time, as nasty as the contract of transports allows. */
    static World memory(long seed) {
        return new MemoryWorld(seed);
    }

    /** {@link #memory(long)} with framings of yours. */
    static World memory(long seed, Map<String, Framing> framings) {
        return memory(seed, framings, Map.of());
    }

    /** {@link #memory(long)} with framings and byte layers of yours. */
    static World memory(long seed, Map<String, Framing> framings, Map<String, ByteLayer> layers) {
        return new MemoryWorld(seed) {
            @Override
            public Map<String, Framing> framings() {
                return framings;
            }

            @Override
            public Map<String, ByteLayer> layers() {
                return layers;
            }
        };
    }

    /** A world of threads on a transport of the system, at the loopback; how loops are driven comes from the seed. */
    static World threads(String name, Supplier<? extends Transport> transports, long seed) {
        return new ThreadWorld(name, transports, seed);
    }

    /** Refuses the n-th piece of memory that a loop asks for from now on, counted from 0; where memory can't be refused, does nothing. */
    default void refuseMemory(int nth) {}

    /** How often loops have asked for memory; 0 where that is not known. */
    default int memoryAsked() {
        return 0;
    }

    /** The loops are closed: what is still there that should not be. */
    default List<String> left() {
        return List.of();
    }

    @Override
    void close();
}
