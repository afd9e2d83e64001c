package rill.codec.proxy;

import java.net.SocketAddress;
import java.util.Objects;
import rill.ByteLayer;
import rill.Proxy;

/** A proxy at an address; each connection opens a session that asks it to connect to the target. */
abstract class Asked implements Proxy {
    private final String kind;
    private final SocketAddress address;

    /**
     * @param kind the kind of proxy, in words
     */
    Asked(String kind, SocketAddress address) {
        this.kind = kind;
        this.address = Objects.requireNonNull(address, "address");
    }

    /** Makes the session that asks the proxy to connect to the destination. */
    abstract Tunnel session(Destination destination);

    @Override
    public SocketAddress address() {
        return address;
    }

    @Override
    public ByteLayer to(SocketAddress target) {
        Destination destination = Destination.of(target);
        return context -> session(destination);
    }

    /** Shows the address, and neither user nor password. */
    @Override
    public String toString() {
        return kind + " at " + Wording.address(address);
    }
}
