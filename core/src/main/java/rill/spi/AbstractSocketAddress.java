package rill.spi;

import java.net.SocketAddress;

/**
 * The address of a Unix domain socket in Linux's abstract name space: there is no file, and the name disappears with the socket that was bound to it.
 * Not every transport supports such addresses.
 *
 * <p>Any process in the same network name space may connect to it, whatever the permissions of files are; ask the transport for the peer's
 * credentials if its identity matters.
 *
 * <p><b>Units:</b> 107 bytes of UTF-8 at most; listening or connecting with a longer name fails. <b>Source:</b> unix(7).
 */
public final class AbstractSocketAddress extends SocketAddress {
    private static final long serialVersionUID = 1;

    private final String name;

    /** Creates the address with this name, without the zero byte that the kernel puts before it. */
    public AbstractSocketAddress(String name) {
        this(name, false);
    }

    private AbstractSocketAddress(String name, boolean mayBeEmpty) {
        if (name.isEmpty() && !mayBeEmpty) {
            throw new IllegalArgumentException("an abstract socket address needs a name");
        }
        this.name = name;
    }

    /** The address that a peer has chosen, whose name may be empty. For transports. */
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
