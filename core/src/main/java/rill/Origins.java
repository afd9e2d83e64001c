package rill;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/** The places where Futures were made. Exists in tracing mode only. Any thread. */
final class Origins {
    private final Map<Future<?>, Origin> origins = Collections.synchronizedMap(new WeakHashMap<>());

    void made(Future<?> future) {
        origins.put(future, new Origin());
    }

    @Nullable
    Origin of(Future<?> future) {
        return origins.get(future);
    }
}
