package rill;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Adapts work without a result to work with one. */
record WithoutResult(ThrowingRunnable body) implements Callable<@Nullable Void> {
    static Callable<@Nullable Void> of(ThrowingRunnable body) {
        return new WithoutResult(Objects.requireNonNull(body, "body"));
    }

    @Override
    public @Nullable Void call() throws Exception {
        body.run();
        return null;
    }
}
