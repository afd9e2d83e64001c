package rill;

import org.jspecify.annotations.Nullable;

/** The ways to run Tasks. They have the same meaning and differ in what a switch between loop and Task costs. */
public enum TaskEngine {
    /**
     * A virtual thread runs mounted on the loop's own thread: a fraction of a microsecond per switch. Needs
     * {@code --add-opens java.base/java.lang=rill.core} (or {@code =ALL-UNNAMED} where Rill is on the class path). An await inside a static
     * initializer, or below a native method, throws {@link IllegalStateException}: a virtual thread can't leave its carrier there, and the loop would
     * stand still.
     */
    MOUNTED,

    /** An ordinary virtual thread alternates with the loop's thread: some microseconds per switch; needs no flag. */
    HANDED_OVER;

    /** Why this engine can't be used here, or null if it can. */
    public @Nullable String unavailable() {
        return this == MOUNTED ? MountedCoroutine.unavailable() : null;
    }

    /** The fastest engine that works here. */
    public static TaskEngine best() {
        return MOUNTED.unavailable() == null ? MOUNTED : HANDED_OVER;
    }

    Coroutine newCoroutine(BareLoop loop, String name, Runnable body) {
        return switch (this) {
            case MOUNTED -> new MountedCoroutine(loop, name, body);
            case HANDED_OVER -> new HandedOverCoroutine(loop, name, body);
        };
    }
}
