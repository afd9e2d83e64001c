package rill.transport.sim;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketOption;

/** One end of a connection, as the kernel of a host has it: what a {@link SimSocket} calls. */
sealed interface End permits Tcp, UnixEnd {
    Host host();

    SocketAddress local();

    SocketAddress remote();

    /** Whoever uses it is told when something {@link SimSocket#changed changes}. */
    void use(SimSocket user);

    void bind(SocketAddress wanted) throws IOException;

    /** Whether the connection is there; throws if it can't be had. */
    boolean finishConnect() throws IOException;

    boolean readable();

    boolean writable();

    /** Bytes read and appended, 0 if there are none, -1 at the end of input. */
    int read(ByteBuf target) throws IOException;

    /** Takes as many bytes as there is room for, without moving the buffer's index. */
    int write(ByteBuf source) throws IOException;

    /** What was written leaves. */
    void push();

    void shutdownOutput();

    /** How many bytes the peer does not have yet. */
    long unacknowledged();

    /** Somebody has accepted it, and will use or close it. */
    void accepted();

    /** Nobody will ever accept it. */
    void discard();

    /** Its user lets go of it. */
    void close(boolean withReset);

    <T> T option(SocketOption<T> option);

    <T> void option(SocketOption<T> option, T value);
}
