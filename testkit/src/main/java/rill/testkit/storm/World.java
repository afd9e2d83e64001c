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
 * The environment of a storm: a transport, the way in which its loops are driven, and how time passes. Created anew for each program.
 *
 * <p><b>Threading:</b> called by the thread that runs the program, unless a method says otherwise.
 */
public interface World extends AutoCloseable {
    /** Returns the name of this world, for messages. */
    String name();

    /** Whether everything happens on one thread, in virtual time, and the same way for the same seed. */
    boolean virtual();

    /** Returns how many programs may run in parallel, each in a world like this one: by default two in virtual time, and one at a time elsewhere. */
    default int atOnce() {
        return virtual() ? 2 : 1;
    }

    /** Returns the transport of a loop, which is 0 to 2. */
    Transport transport(int loop) throws IOException;

    /** Returns the address where loop {@code loop} can listen; port 0 means any. */
    SocketAddress address(int loop) throws IOException;

    /** Returns the same address by a name that the loops' resolver knows; the address itself where there are no names. */
    default SocketAddress named(SocketAddress address) {
        return address;
    }

    /** A loop was opened; from now on this world drives it. */
    void opened(Loop loop, int number);

    /** Returns framings by name that pipelines can use besides the storm's own. They carry letters of digits and small letters. */
    default Map<String, Framing> framings() {
        return Map.of();
    }

    /**
     * Returns byte layers by name that pipelines can use besides the storm's own. Each is at both ends of a connection: if the two ends play
     * different roles, {@link rill.Context#target} tells which end it is.
     */
    default Map<String, ByteLayer> layers() {
        return Map.of();
    }

    /** Gives loops some turns: in virtual time, at most this many ticks. */
    void turns(int count);

    /** Lets this much time pass; in real time, a shorter pause is enough. */
    void pass(Duration time);

    /** Lets time pass until {@code done} returns true, waiting any longer is pointless, or {@code limit} is over. */
    void until(Duration limit, BooleanSupplier done);

    /** Blocks the calling loop for this long, from within a Handle of it. */
    void hold(Duration time);

    /** Delays what one end, known by its own address and its peer's, has sent by this much; or loses it, in which case both ends are reset. */
    default void disturb(SocketAddress end, SocketAddress peer, boolean reset, Duration time) {}

    /** Whether one end, known by its own address and its peer's, has sent a reset, so that what it wrote may be lost; true if unknown. */
    default boolean mayHaveReset(SocketAddress end, SocketAddress peer) {
        return true;
    }

    /** Whether a reset may be lost in the network like any segment; it is not sent again. */
    default boolean losesResets() {
        return false;
    }

    /** Runs a call soon on another platform thread; at once where there is only one thread. Calls passed here run in order. */
    default void onThread(Runnable call) {
        call.run();
    }

    /** Runs a call soon on a virtual thread; at once where there is only one thread. Calls passed here run in order. */
    default void onVirtualThread(Runnable call) {
        call.run();
    }

    /** Returns the number of the current thread outside of the loops: 0, 4 for that of {@link #onThread}, 5 for that of {@link #onVirtualThread}. */
    default int thread() {
        return 0;
    }

    /** Returns once all calls passed to those two threads are done. */
    default void join() {}

    /** Returns a world in memory, in virtual time, as nasty as the contract of transports allows. */
    static World memory(long seed) {
        return new MemoryWorld(seed);
    }

    /** Returns a world as {@link #memory(long)} does, with additional framings. */
    static World memory(long seed, Map<String, Framing> framings) {
        return memory(seed, framings, Map.of());
    }

    /** Returns a world as {@link #memory(long)} does, with additional framings and byte layers. */
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

    /** Returns a world of threads on a transport of the system, at the loopback. The seed decides how loops are driven. */
    static World threads(String name, Supplier<? extends Transport> transports, long seed) {
        return new ThreadWorld(name, transports, seed);
    }

    /** Refuses the n-th piece of memory that a loop asks for from now on, counted from 0. A no-op where memory can't be refused. */
    default void refuseMemory(int nth) {}

    /** Returns how often loops have asked for memory; 0 where that is not known. */
    default int memoryAsked() {
        return 0;
    }

    /** Returns what is still left after the loops are closed, and should not be. */
    default List<String> left() {
        return List.of();
    }

    @Override
    void close();
}
