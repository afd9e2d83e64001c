package rill.codec.proxy;

import java.net.ConnectException;

/** A proxy was reached, and has said that it does not connect on. To ask again at once is of no use, as a rule: its rules say so, or the target does. */
public final class ProxyRefusedException extends ConnectException {
    private static final long serialVersionUID = 1L;

    ProxyRefusedException(String message) {
        super(message);
    }
}
