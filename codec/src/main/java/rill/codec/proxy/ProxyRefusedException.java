package rill.codec.proxy;

import java.net.ConnectException;

/** A proxy was reached, and has said that it does not connect on. To ask again at once is of no use, as a rule; {@link #mayPass} says whether it may be later. */
public final class ProxyRefusedException extends ConnectException {
    private static final long serialVersionUID = 1L;

    private final boolean mayPass;

    ProxyRefusedException(String message, boolean mayPass) {
        super(message);
        this.mayPass = mayPass;
    }

    /**
     * Whether the proxy may connect on a little later: it could not reach the target just now (502, 504; in SOCKS5, the replies 3 to 6), or has too much to
     * do (503). Where its rules say no, or it does not accept the user, it will say so again.
     */
    public boolean mayPass() {
        return mayPass;
    }
}
