package rill;

import java.net.InetAddress;
import java.util.List;

/** Resolves a host name to its addresses, without blocking the loop. */
@FunctionalInterface
public interface Resolver {
    /**
     * Looks up a name.
     *
     * @param loop the loop that the Future is to belong to
     * @param name a name, or a numeric address
     * @return at least one address, in the order in which to try them; fails with {@link java.net.UnknownHostException}. Cancelling it gives up
     *     waiting.
     */
    Future<List<InetAddress>> resolve(Loop loop, String name);

    /**
     * The JDK's resolver, with its caching. Since it blocks, it runs on its own platform threads: one for each name being looked up, and no more than
     * 64. Concurrent requests for the same name share one look-up.
     */
    static Resolver system() {
        return SystemResolver.INSTANCE;
    }
}
