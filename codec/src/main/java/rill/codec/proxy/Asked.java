package rill.codec.proxy;

import java.net.SocketAddress;
import java.util.Objects;
import rill.ByteLayer;
import rill.Proxy;

/** A proxy at an address, that is asked to connect on by a session of its own. */
abstract class Asked implements Proxy {
    private final String kind;
    private final SocketAddress address;

    /** @param kind in words */
    Asked(String kind, SocketAddress address) {
        this.kind = kind;
        this.address = Objects.requireNonNull(address, "address");
    }

    /** Asks it to connect on to there. */
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

    /** Tells where, and neither user nor password. */
    @Override
    public String toString() {
        return kind + " at " + Wording.address(address);
    }
}
