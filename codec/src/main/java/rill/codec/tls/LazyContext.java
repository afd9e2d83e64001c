package rill.codec.tls;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.SecureRandomSpi;
import java.util.Map;
import java.util.WeakHashMap;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.spi.SeededRandom;

/**
 * What engines with the same key and the same trust share, sessions to be resumed among it. Made when it is first needed, not on the loop: to
 * load what the JDK trusts takes a while.
 *
 * <p>In a simulation each loop has one of its own, which takes its randomness from the loop: then handshakes are the same each time, and
 * no sessions are resumed. With keys of Ed25519 they are so down to their bytes; the JDK takes no randomness of ours for a signature by ECDSA.
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
        X509TrustManager get() throws GeneralSecurityException;
    }

    LazyContext trusting(TrustSource newTrust) {
        return new LazyContext(key, newTrust);
    }

    LazyContext showing(Identity identity) {
        return new LazyContext(new OwnKey(identity), trust);
    }

    /** Whether {@link #get} takes no time, or there is no other thread to take it. */
    boolean isQuick(@Nullable Seeded simulation) {
        return made != null || simulation != null;
    }

    SSLContext get(@Nullable Seeded simulation) throws GeneralSecurityException {
        if (simulation != null) {
            return simulation.get(this);
        }
        SSLContext present = made;
        return present == null ? get() : present;
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
        X509TrustManager manager = trust.get();
        context.init(
                key == null ? new KeyManager[0] : new KeyManager[] {key},
                manager == null ? new TrustManager[0] : new TrustManager[] {manager},
                random);
        warmUp(context);
        return context;
    }

    /** The JDK loads much for a first handshake: here rather than on a loop. */
    private static void warmUp(SSLContext context) {
        try {
            SSLEngine engine = context.createSSLEngine();
            engine.setUseClientMode(true);
            engine.beginHandshake();
            engine.wrap(
                    ByteBuffer.allocate(0),
                    ByteBuffer.allocate(engine.getSession().getPacketBufferSize()));
        } catch (SSLException | RuntimeException e) {
            // then the first handshake will say what is wrong
        }
    }

    /** A loop's own, in a simulation. */
    static final class Seeded {
        /** More than the week that a ticket may be good for: then there are none. The time of day would be in them. RFC 8446, section 4.6.1. */
        private static final int TOO_LONG_FOR_A_TICKET = 30 * 24 * 60 * 60;

        private final Map<LazyContext, SSLContext> contexts = new WeakHashMap<>();
        private final SeededRandom random;

        private Seeded(SeededRandom random) {
            this.random = random;
        }

        /** That of this connection's loop; null where that is not simulated. */
        static @Nullable Seeded of(Context connection) {
            return connection.random() instanceof SeededRandom random
                    ? connection.shared(Seeded.class, () -> new Seeded(random))
                    : null;
        }

        private SSLContext get(LazyContext of) throws GeneralSecurityException {
            SSLContext present = contexts.get(of);
            if (present == null) {
                present = of.make(new LoopRandom(random));
                present.getServerSessionContext().setSessionTimeout(TOO_LONG_FOR_A_TICKET);
                contexts.put(of, present);
            }
            return present;
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
