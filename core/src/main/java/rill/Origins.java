package rill;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/** Where Futures were made; kept in tracing mode only. Any thread. */
final class Origins {
    private final Map<Future<?>, Origin> origins = Collections.synchronizedMap(new WeakHashMap<>());

    /** A place in the code, with the way there. */
    static final class Origin extends Exception {
        private static final long serialVersionUID = 1L;

        Origin() {
            super("the Future was made here");
        }
    }

    void made(Future<?> future) {
        origins.put(future, new Origin());
    }

    @Nullable
    Origin of(Future<?> future) {
        return origins.get(future);
    }
}
