package rill.spi;

import java.net.SocketAddress;

/**
 * The address of a Unix domain socket in Linux's abstract name space: no file, gone with the socket that was bound to it. Not every
 * transport has such addresses.
 *
 * <p>Anybody in the same network name space may connect to it, whatever the permissions of files are; ask the transport for the peer's
 * credentials if it matters who.
 *
 * <p><b>Units:</b> 107 bytes of UTF-8 at most; listening or connecting with a longer one fails. <b>Source:</b> unix(7).
 */
public final class AbstractSocketAddress extends SocketAddress {
    private static final long serialVersionUID = 1;

    private final String name;

    /** The address of this name, without the zero byte that the kernel puts before it. */
    public AbstractSocketAddress(String name) {
        this(name, false);
    }

    private AbstractSocketAddress(String name, boolean mayBeEmpty) {
        if (name.isEmpty() && !mayBeEmpty) {
            throw new IllegalArgumentException("an abstract socket address needs a name");
        }
        this.name = name;
    }

    /** What a peer has chosen, which may be empty: for transports. */
    public static AbstractSocketAddress ofPeer(String name) {
        return new AbstractSocketAddress(name, true);
    }

    /** The name; empty if a peer has chosen that. */
    public String name() {
        return name;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AbstractSocketAddress address && address.name.equals(name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    /** The name after an {@code @}, as tools such as {@code ss} show it. */
    @Override
    public String toString() {
        return "@" + name;
    }
}
