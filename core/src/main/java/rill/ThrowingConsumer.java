package rill;

/**
 * Work with a value and without a result, which may throw: the body of the Task of a connection.
 *
 * @param <T> the type of the value
 */
@FunctionalInterface
public interface ThrowingConsumer<T> {
    /** Does the work with {@code value}. */
    void accept(T value) throws Exception;
}
