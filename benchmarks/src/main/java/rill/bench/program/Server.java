package rill.bench.program;

import java.util.List;

/**
 * A server to be measured, of an echo or of HTTP: one thread, TCP_NODELAY, on a port of 127.0.0.1 that the system chose. To add a competitor,
 * implement this with a public constructor without parameters, and name the class in {@code Contenders}.
 */
public interface Server {
    /**
     * Starts to serve.
     *
     * @param options what the list of contenders says about it
     * @return the port
     * @throws UnavailableException if this machine or this build lacks something that it needs
     */
    int listen(List<String> options) throws Exception;
}
