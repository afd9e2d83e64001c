package rill.codec.proxy;

import java.net.ConnectException;

/**
 * A proxy was reached and has refused to connect to the target. As a rule, asking again at once is of no use; {@link #mayPass} says whether a later
 * attempt may succeed.
 */
public final class ProxyRefusedException extends ConnectException {
    private static final long serialVersionUID = 1L;

    private final boolean mayPass;

    ProxyRefusedException(String message, boolean mayPass) {
        super(message);
        this.mayPass = mayPass;
    }

    /**
     * Whether a later attempt may succeed: the proxy could not reach the target just now (502, 504; in SOCKS5, the replies 3 to 6) or was overloaded
     * (503). If its rules forbid the connection, or it does not accept the user, it will refuse again.
     */
    public boolean mayPass() {
        return mayPass;
    }
}
