package rill.spi;

import org.jspecify.annotations.Nullable;

/**
 * On which transport loops are opened that name none: on the best available, unless somebody has said otherwise for a while, as a simulation does
 * while one of its hosts starts.
 *
 * <p><b>Threading:</b> each thread for itself.
 */
public final class DefaultTransport {
    private static final ThreadLocal<@Nullable Transport> PRESENT = new ThreadLocal<>();

    private DefaultTransport() {}

    /** Runs the action, during which this thread opens loops on this transport if they name none. */
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

    /** What was said for the time being; null if nothing was. */
    public static @Nullable Transport present() {
        return PRESENT.get();
    }
}
