package rill;

import java.net.InetAddress;
import java.util.List;

/** Turns a host's name into its addresses, without holding up the loop. */
@FunctionalInterface
public interface Resolver {
    /**
     * Looks a name up.
     *
     * @param name a name, or an address in numbers
     * @param loop the loop that the Future is to belong to
     * @return at least one address, in the order in which to try them; fails with {@link java.net.UnknownHostException}.
     *     Cancelling it gives up waiting.
     */
    Future<List<InetAddress>> resolve(String name, Loop loop);

    /**
     * The JDK's resolver, with its caching, on platform threads of its own, since it blocks: as many as there are names to look up, and
     * no more than 64. Those that ask for a name at the same time share one look-up.
     */
    static Resolver system() {
        return SystemResolver.INSTANCE;
    }
}
