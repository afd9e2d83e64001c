package rill;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The bridge to and from {@link CompletionStage}. */
final class Stages {
    private Stages() {}

    static <T extends @Nullable Object> Future<T> from(Loop loop, CompletionStage<? extends T> stage) {
        Promise<T> promise = loop.promise();
        if (stage instanceof java.util.concurrent.Future<?> cancellable) {
            promise.onCancel(() -> cancellable.cancel(false));
        }
        var _ = stage.whenComplete((value, failure) -> {
            if (failure == null) {
                promise.complete(value);
            } else {
                Throwable cause = failure.getCause();
                promise.fail(failure instanceof CompletionException && cause != null ? cause : failure);
            }
        });
        return promise;
    }

    static <T extends @Nullable Object> CompletableFuture<T> to(Future<T> future) {
        var stage = new CompletableFuture<T>();
        future.addDependent(new Bridge<>(future, stage));
        future.loop.abroad().add(future); // if that loop closes, whoever waits for the stage hears of it
        var _ = stage.whenComplete((value, failure) -> {
            if (stage.isCancelled()) {
                future.cancel();
            }
        });
        return stage;
    }

    /** Completes the stage. */
    private record Bridge<T extends @Nullable Object>(Future<T> future, CompletableFuture<T> stage)
            implements Dependent {
        @Override
        public void settled(Future<?> source) {
            Throwable failure = future.failure();
            if (failure != null) {
                stage.completeExceptionally(failure);
            } else {
                complete(stage, future.result());
            }
        }

        @Override
        public @Nullable Loop home() {
            return null;
        }
    }

    @SuppressWarnings("NullAway") // null only where T allows it
    private static <T extends @Nullable Object> void complete(CompletableFuture<T> stage, @Nullable T value) {
        stage.complete(value);
    }
}
