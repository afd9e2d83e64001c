package rill.spi;

import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * A deterministic source of numbers for a simulation: the same seed gives the same numbers. The type marks it as such, so that code that needs
 * secrets (the keys of TLS) takes them from here in a simulation only.
 *
 * @param source the source of the numbers
 */
public record SeededRandom(RandomGenerator source) implements RandomGenerator {
    public SeededRandom {
        Objects.requireNonNull(source, "source");
    }

    @Override
    public long nextLong() {
        return source.nextLong();
    }

    @Override
    public int nextInt() {
        return source.nextInt();
    }

    @Override
    public void nextBytes(byte[] bytes) {
        source.nextBytes(bytes);
    }
}
