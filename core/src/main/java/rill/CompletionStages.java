package rill;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import rill.Parcel.Carried;

/** The bridge to and from {@link CompletionStage}. */
final class CompletionStages {
    private CompletionStages() {}

    static <T extends @Nullable Object> Future<T> from(BareLoop loop, CompletionStage<? extends T> stage) {
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
        var bridge = new Bridge<>(future, stage);
        future.addDependent(bridge);
        var _ = stage.whenComplete((value, failure) -> future.abandon(bridge)); // otherwise it was given up
        return stage;
    }

    /** Completes the stage. */
    private record Bridge<T extends @Nullable Object>(Future<T> future, CompletableFuture<T> stage)
            implements Dependent {
        @Override
        public void settled(Future<?> source) {
            if (stage.isDone()) {
                return; // cancelled, or completed by other code
            }
            switch (future.shared()) {
                case Failed failed -> stage.completeExceptionally(failed.cause);
                case Carried(Object value, Parcel parcel) -> {
                    if (complete(value)) {
                        parcel.take();
                    } else { // cancelled meanwhile, by another thread
                        parcel.drop();
                    }
                }
                case Object value -> complete(value);
            }
        }

        @SuppressWarnings({"unchecked", "NullAway"}) // null only where T allows it
        private boolean complete(Object value) {
            return stage.complete((T) Future.unmasked(value));
        }

        @Override
        public @Nullable BareLoop home() {
            return null;
        }

        @Override
        public boolean waitsElsewhere(BareLoop loop) {
            return true; // if that loop closes, those who wait for the stage are notified
        }
    }
}
