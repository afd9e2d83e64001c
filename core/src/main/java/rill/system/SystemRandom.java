package rill.system;

import java.security.SecureRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Secure random numbers. Finding the JDK's source takes tens of milliseconds, so it is created when the first number is needed. Any thread. */
final class SystemRandom implements RandomGenerator {
    private volatile @Nullable SecureRandom source;

    private SecureRandom source() {
        SecureRandom present = source;
        if (present == null) {
            present = new SecureRandom(); // perhaps by two threads at once: either one will do
            source = present;
        }
        return present;
    }

    @Override
    public long nextLong() {
        return source().nextLong();
    }

    @Override
    public int nextInt() {
        return source().nextInt();
    }

    @Override
    public void nextBytes(byte[] bytes) {
        source().nextBytes(bytes);
    }
}
