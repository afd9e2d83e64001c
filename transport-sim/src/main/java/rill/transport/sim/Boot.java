package rill.transport.sim;

import java.io.IOException;

/** What a host does when it starts: see {@link Simulation#host(String, Boot)}. */
@FunctionalInterface
public interface Boot {
    /** Starts what runs on the host, and returns: time passes only afterwards. */
    void boot(Host host) throws IOException;
}
