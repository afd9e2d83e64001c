package rill.bench.program;

import java.util.List;

/**
 * An echo or HTTP server to be measured: one thread, TCP_NODELAY, on a port of 127.0.0.1 that the system chooses. To add a competitor, implement this
 * with a public constructor without parameters, and name the class in {@code Contenders}.
 */
public interface Server {
    /**
     * Starts serving.
     *
     * @param options the options in the list of contenders
     * @return the port
     * @throws UnavailableException if this machine or this build lacks something that the server needs
     */
    int listen(List<String> options) throws Exception;
}
