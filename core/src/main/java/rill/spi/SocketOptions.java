package rill.spi;

import java.net.SocketOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An immutable set of socket options, applied in the order in which they were first named.
 *
 * <p>The options are those of {@link java.net.StandardSocketOptions} and those that a transport adds.
 */
public final class SocketOptions {
    private static final SocketOptions NONE = new SocketOptions(Map.of());

    private final Map<SocketOption<?>, Object> values;

    private SocketOptions(Map<SocketOption<?>, Object> values) {
        this.values = values;
    }

    /** The empty set. */
    public static SocketOptions none() {
        return NONE;
    }

    /** These options and one more, which replaces an earlier value of the same option. */
    public <T> SocketOptions with(SocketOption<T> option, T value) {
        Objects.requireNonNull(value, option.name());
        var copy = new LinkedHashMap<>(values);
        copy.put(option, option.type().cast(value));
        return new SocketOptions(Collections.unmodifiableMap(copy));
    }

    /** These options, and one more unless it is already set. */
    public <T> SocketOptions or(SocketOption<T> option, T value) {
        return values.containsKey(option) ? this : with(option, value);
    }

    /** The value of this option, or null if it is not in the set. */
    public <T> @Nullable T get(SocketOption<T> option) {
        return option.type().cast(values.get(option));
    }

    /** Calls {@code setter} for each option. */
    public <X extends Exception> void applyTo(Setter<X> setter) throws X {
        for (var entry : values.entrySet()) {
            apply(setter, entry.getKey(), entry.getValue());
        }
    }

    private static <T, X extends Exception> void apply(Setter<X> setter, SocketOption<T> option, Object value)
            throws X {
        setter.set(option, option.type().cast(value));
    }

    @Override
    public String toString() {
        return values.toString();
    }

    /** Receives one option; like {@link java.nio.channels.NetworkChannel#setOption}. */
    @FunctionalInterface
    public interface Setter<X extends Exception> {
        /** Sets one option. */
        <T> void set(SocketOption<T> option, T value) throws X;
    }
}
