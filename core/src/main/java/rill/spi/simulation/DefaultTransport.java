package rill.spi.simulation;

import org.jspecify.annotations.Nullable;
import rill.spi.Transport;

/**
 * The transport of loops that are opened without naming one: the best available, unless another is set for the time being, as a simulation does while
 * one of its hosts starts.
 *
 * <p><b>Threading:</b> each thread has its own setting.
 */
public final class DefaultTransport {
    private static final ThreadLocal<@Nullable Transport> PRESENT = new ThreadLocal<>();

    private DefaultTransport() {}

    /** Runs the action; loops that this thread opens meanwhile without naming a transport use this one. */
    public static void during(Transport transport, Runnable action) {
        Transport before = PRESENT.get();
        PRESENT.set(transport);
        try {
            action.run();
        } finally {
            if (before == null) {
                PRESENT.remove();
            } else {
                PRESENT.set(before);
            }
        }
    }

    /** The transport set for the time being, or null if there is none. */
    public static @Nullable Transport present() {
        return PRESENT.get();
    }
}
