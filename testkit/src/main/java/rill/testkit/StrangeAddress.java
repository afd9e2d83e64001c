package rill.testkit;

import java.net.SocketAddress;

/** An address of a kind that no transport has. */
final class StrangeAddress extends SocketAddress {
    @Override
    public String toString() {
        return "nowhere";
    }
}
