package rill.testkit;

/**
 * What a transport cannot have by nature. A trait changes what the suite expects, or leaves a test out, which then is reported
 * as aborted with the reason.
 */
public enum Trait {
    /** Its streams know no reset, as Unix domain sockets: to the peer an abort may look like an orderly end. */
    NO_RESET("its streams know no reset"),

    /**
     * Its addresses are no hosts and ports: there is none to bind before connecting, and nothing of TCP that a loop would ask
     * for.
     */
    NO_PORTS("its addresses have no ports, and its sockets no options of TCP"),

    /**
     * Time passes in {@code select} alone and everything happens on one thread, as in a simulation: nothing sleeps that another
     * thread could wake.
     */
    ONE_THREAD("it lives on one thread, where nothing sleeps that could be woken");

    private final String reason;

    Trait(String reason) {
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
