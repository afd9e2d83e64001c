package rill.examples;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Where the examples listen: on this machine only. */
final class Loopback {
    /** A port chosen by the system. */
    static final InetSocketAddress ANY_PORT = port(0);

    private Loopback() {}

    static InetSocketAddress port(int port) {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    }
}
