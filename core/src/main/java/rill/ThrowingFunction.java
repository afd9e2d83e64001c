package rill;

import org.jspecify.annotations.Nullable;

/**
 * A function that may throw, whatever that is: what it throws is the failure of the Future made with it.
 *
 * @param <T> what it is given
 * @param <R> what it gives
 */
@FunctionalInterface
public interface ThrowingFunction<T extends @Nullable Object, R extends @Nullable Object> {
    /** Gives the result for {@code value}. */
    R apply(T value) throws Exception;
}
