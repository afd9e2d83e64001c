package rill.spi;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import org.jspecify.annotations.Nullable;

/**
 * The system calls of one non-blocking stream socket: all that a readiness transport adds to {@link ReadinessWire}.
 *
 * <p>Calls that are interrupted (EINTR) are repeated by the implementation; would-block is the value 0, never an
 * exception. <b>Threading:</b> the Selector's driver.
 */
public interface SocketCalls {
    /** Whether the connection under way is now established; throws if it failed. */
    boolean finishConnect() throws IOException;

    /** Reads at most the target's writable bytes, once: bytes read and appended, 0 for would-block, -1 for end of input. */
    int read(ByteBuf target) throws IOException;

    /**
     * Writes the readable bytes of {@code buffers[from]} and the next ones, {@code count} in all and none of them null, in one
     * call, without moving their indices: bytes taken, 0 for
     * would-block.
     */
    long write(@Nullable ByteBuf[] buffers, int from, int count) throws IOException;

    /**
     * Says which readiness is wanted from now on: of input, of output (or of the connection while it is made). With neither,
     * nothing is told, not even an error or a hang-up.
     */
    void interest(boolean read, boolean write) throws IOException;

    /** Half-closes the output. */
    void shutdownOutput() throws IOException;

    /** Gives the descriptor back, once; with a reset if told so. Never throws. */
    void close(boolean reset);

    /** See {@link Wire#set}. */
    <T> void set(SocketOption<T> option, T value) throws IOException;

    /** See {@link Wire#get}. */
    <T> T get(SocketOption<T> option) throws IOException;

    /** This end's address, once connected. */
    SocketAddress localAddress() throws IOException;
}
