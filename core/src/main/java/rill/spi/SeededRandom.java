package rill.spi;

import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * Randomness that is none: it comes out the same each time, as a simulation wants it. That it says so lets those who need secrets (keys of TLS) take theirs
 * from here in a simulation, and nowhere else.
 *
 * @param source of the numbers
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
