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

    /** Sets its user, which is notified when something {@link SimSocket#changed changes}. */
    void use(SimSocket user);

    void bind(SocketAddress wanted) throws IOException;

    /** Returns whether the connection is established; throws if it failed. */
    boolean finishConnect() throws IOException;

    boolean readable();

    boolean writable();

    /** Reads bytes and appends them. Returns their number, 0 if there are none, -1 at the end of input. */
    int read(ByteBuf target) throws IOException;

    /** Takes as many bytes as there is room for, without moving the buffer's index. Returns their number. */
    int write(ByteBuf source) throws IOException;

    /** Sends what was written. */
    void push();

    void shutdownOutput();

    /** Returns how many bytes the peer does not have yet. */
    long unacknowledged();

    /** Notes that it was accepted, and will be used or closed. */
    void accepted();

    /** Discards it: nobody will ever accept it. */
    void discard();

    /** Closes it on behalf of its user. */
    void close(boolean withReset);

    <T> T option(SocketOption<T> option);

    <T> void option(SocketOption<T> option, T value);
}
