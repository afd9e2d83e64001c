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
 * What engines with the same key and the same trust share, including resumable sessions. It is made when it is first needed, off the loop: loading
 * what the JDK trusts takes a while.
 *
 * <p>In a simulation, each loop has its own, which takes its randomness from the loop. So handshakes are the same each time, and no sessions are
 * resumed. With Ed25519 keys, they are the same to the byte; for an ECDSA signature, the JDK does not use this randomness.
 *
 * <p><b>Threading:</b> any.
 */
final class LazyContext {
    /** Trusts no peer, for a server that does not ask for certificates. */
    static final TrustSource NOBODY = () -> null;

    private final @Nullable OwnKey key;
    private final TrustSource trust;
    private volatile @Nullable SSLContext made;

    LazyContext(@Nullable OwnKey key, TrustSource trust) {
        this.key = key;
        this.trust = trust;
    }

    /** Makes a trust manager, which may take long; null for the JDK's behavior without one. */
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

    /** Whether {@link #get} takes no time, or there is no other thread to run it on. */
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

    /** The JDK loads many classes for a first handshake: better here than on a loop. */
    private static void warmUp(SSLContext context) {
        try {
            SSLEngine engine = context.createSSLEngine();
            engine.setUseClientMode(true);
            engine.beginHandshake();
            engine.wrap(
                    ByteBuffer.allocate(0),
                    ByteBuffer.allocate(engine.getSession().getPacketBufferSize()));
        } catch (SSLException | RuntimeException e) {
            // the first handshake will report what is wrong
        }
    }

    /** The contexts of a loop in a simulation. */
    static final class Seeded {
        /** Longer than the week that a ticket may be valid, which disables tickets: they would contain the time of day. RFC 8446, section 4.6.1. */
        private static final int TOO_LONG_FOR_A_TICKET = 30 * 24 * 60 * 60;

        private final Map<LazyContext, SSLContext> contexts = new WeakHashMap<>();
        private final SeededRandom random;

        private Seeded(SeededRandom random) {
            this.random = random;
        }

        /** That of this connection's loop; null if the loop is not simulated. */
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

    /** A simulation's randomness, for code that requires a SecureRandom. It is not secure. */
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
