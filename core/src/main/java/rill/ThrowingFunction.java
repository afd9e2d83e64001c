package rill;

import org.jspecify.annotations.Nullable;

/**
 * A function that may throw any exception: the exception becomes the failure of the Future made with the function.
 *
 * @param <T> the type of the argument
 * @param <R> the type of the result
 */
@FunctionalInterface
public interface ThrowingFunction<T extends @Nullable Object, R extends @Nullable Object> {
    /** Returns the result for {@code value}. */
    R apply(T value) throws Exception;
}
