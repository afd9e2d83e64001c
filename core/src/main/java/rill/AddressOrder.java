package rill;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The order in which the addresses of a name are tried: the families by turns, IPv6 first, each family in the resolver's order.
 *
 * <p><b>Source:</b> RFC 8305, section 4, with a First Address Family Count of 1.
 */
final class AddressOrder {
    private AddressOrder() {}

    /**
     * @param turn how many connections to the name were made before: each begins with the next address of each family; 0 with the first
     */
    static List<InetAddress> of(List<InetAddress> addresses, int turn) {
        var six = new ArrayList<InetAddress>();
        var four = new ArrayList<InetAddress>();
        for (InetAddress each : addresses) {
            (each instanceof Inet6Address ? six : four).add(each);
        }
        Collections.rotate(six, -turn);
        Collections.rotate(four, -turn);
        var ordered = new ArrayList<InetAddress>(addresses.size());
        for (int i = 0; i < Math.max(six.size(), four.size()); i++) {
            if (i < six.size()) {
                ordered.add(six.get(i));
            }
            if (i < four.size()) {
                ordered.add(four.get(i));
            }
        }
        return ordered;
    }
}
