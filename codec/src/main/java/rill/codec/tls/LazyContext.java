package rill.codec.tls;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.SecureRandomSpi;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.spi.SeededRandom;

/**
 * What engines with the same key and the same trust share, sessions to be resumed among it. Made when it is first needed, not on the loop: to
 * load what the JDK trusts takes a while.
 *
 * <p>In a simulation each loop has one of its own, which takes its randomness from the loop: then handshakes are the same each time, down to the
 * bytes.
 *
 * <p><b>Threading:</b> any.
 */
final class LazyContext {
    /** Trusts nobody, for a server that asks for no certificate. */
    static final TrustSource NOBODY = () -> null;

    private final @Nullable OwnKey key;
    private final TrustSource trust;
    private volatile @Nullable SSLContext made;

    LazyContext(@Nullable OwnKey key, TrustSource trust) {
        this.key = key;
        this.trust = trust;
    }

    /** Makes a trust manager, which may take long; null for what the JDK does without one. */
    @FunctionalInterface
    interface TrustSource {
        @Nullable
        X509ExtendedTrustManager get() throws GeneralSecurityException;
    }

    LazyContext trusting(TrustSource newTrust) {
        return new LazyContext(key, newTrust);
    }

    LazyContext showing(Identity identity) {
        return new LazyContext(new OwnKey(identity), trust);
    }

    /** Whether {@link #get} takes no time, or there is no other thread to take it. */
    boolean isQuick(Context context) {
        return made != null || context.random() instanceof SeededRandom;
    }

    SSLContext get(Context context) throws GeneralSecurityException {
        return context.random() instanceof SeededRandom random
                ? context.shared(Seeded.class, Seeded::new).get(this, random)
                : get();
    }

    private synchronized SSLContext get() throws GeneralSecurityException {
        SSLContext present = made;
        if (present == null) {
            present = make(null);
            made = present;
        }
        return present;
    }

    private SSLContext make(@Nullable SecureRandom random) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        X509ExtendedTrustManager manager = trust.get();
        context.init(
                key == null ? new KeyManager[0] : new KeyManager[] {key},
                manager == null ? new TrustManager[0] : new TrustManager[] {manager},
                random);
        return context;
    }

    /** A loop's own, in a simulation. */
    private static final class Seeded {
        private final Map<LazyContext, SSLContext> contexts = new HashMap<>();

        SSLContext get(LazyContext of, SeededRandom random) throws GeneralSecurityException {
            SSLContext present = contexts.get(of);
            if (present == null) {
                present = of.make(new LoopRandom(random));
                contexts.put(of, present);
            }
            return Objects.requireNonNull(present);
        }
    }

    /** A simulation's randomness, for those who take nothing but a SecureRandom. Secure it is not. */
    private static final class LoopRandom extends SecureRandom {
        LoopRandom(SeededRandom random) {
            super(new Source(random), null);
        }

        private static final class Source extends SecureRandomSpi {
            private final transient SeededRandom random;

            Source(SeededRandom random) {
                this.random = random;
            }

            @Override
            protected void engineSetSeed(byte[] seed) {}

            @Override
            protected void engineNextBytes(byte[] bytes) {
                random.nextBytes(bytes);
            }

            @Override
            protected byte[] engineGenerateSeed(int size) {
                var seed = new byte[size];
                random.nextBytes(seed);
                return seed;
            }
        }
    }
}
