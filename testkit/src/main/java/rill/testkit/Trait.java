package rill.testkit;

/**
 * A capability that a transport lacks by nature. A trait changes what the suite expects, or leaves a test out, which is then reported as aborted with
 * the reason.
 */
public enum Trait {
    /** Its streams have no reset, as those of Unix domain sockets: to the peer an abort may look like an orderly end. */
    NO_RESET("its streams know no reset"),

    /** Its addresses are not hosts and ports: there is none to bind before connecting, and none of the TCP options that a loop would set. */
    NO_PORTS("its addresses have no ports, and its sockets no options of TCP"),

    /** Time passes only in {@code select} and everything happens on one thread, as in a simulation: nothing sleeps that another thread could wake. */
    ONE_THREAD("it lives on one thread, where nothing sleeps that could be woken");

    private final String reason;

    Trait(String reason) {
        this.reason = reason;
    }

    String reason() {
        return reason;
    }
}
