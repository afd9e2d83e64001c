package rill.http;

import java.io.IOException;
import java.net.UnknownHostException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.Loop;
import rill.ProtocolException;
import rill.codec.proxy.ProxyRefusedException;
import rill.codec.tls.TlsException;
import rill.codec.tls.TlsTruncatedException;

/**
 * Decides whether and when a client retries a failed request: if the failure may be temporary, the request is safe to carry out twice, and a server in
 * difficulties is not overwhelmed by retries. On the loop.
 */
final class Retries {
    /** The number of retries allowed in each window of time, however few the requests are. */
    static final int RESERVE = 10;

    private static final double SHARE = 0.2; // of the requests
    private static final int MOST_SAVED = 100;
    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final double JITTER = 0.2;

    /** Permanent failures, except those that only mean that the stream has ended early. */
    private static final Set<Class<? extends IOException>> LASTING = Set.of(
            TlsException.class,
            ProtocolException.class,
            ProxyRefusedException.class,
            UnknownHostException.class,
            FileSystemException.class);

    private final Loop loop;
    private final int most;
    private final Duration first;
    private final Duration longest;
    private double left = RESERVE;
    private long began;

    Retries(Loop loop, HttpClientOptions options) {
        this.loop = loop;
        this.most = options.retries();
        this.first = options.firstPause();
        this.longest = options.longestPause();
        this.began = loop.nanoTime();
    }

    boolean isOn() {
        return most > 0;
    }

    /** A new request is made. */
    void asked() {
        left = Math.min(left + SHARE, MOST_SAVED);
    }

    /**
     * The pause before the next attempt; null if there is none.
     *
     * @param tries attempts so far
     * @param timeLeft of the whole request
     */
    @Nullable
    Duration pause(ClientRequest request, Throwable failure, int tries, Duration timeLeft) {
        if (tries > most || !isRepeatable(request, failure) || !mayPass(failure.getCause())) {
            return null;
        }
        double nanos = Math.min(
                (double) TimeUnit.NANOSECONDS.convert(longest),
                TimeUnit.NANOSECONDS.convert(first) * Math.pow(2, tries - 1));
        Duration pause = Duration.ofNanos(
                (long) (nanos * (1 - JITTER + 2 * JITTER * loop.random().nextDouble())));
        return pause.compareTo(timeLeft) < 0 && spend() ? pause : null;
    }

    private static boolean isRepeatable(ClientRequest request, Throwable failure) {
        return failure instanceof CallFailedException failed
                && request.isRepeatable()
                && (failed.fate() == Fate.NEVER_SENT || request.isIdempotent());
    }

    /** Whether the next attempt may succeed. */
    static boolean mayPass(@Nullable Throwable why) {
        if (!(why instanceof IOException)) {
            return false;
        }
        for (Throwable each = why; each != null; each = each.getCause()) {
            Throwable cause = each;
            if (LASTING.stream().anyMatch(lasting -> lasting.isInstance(cause)) && !isBreak(cause) && !passes(cause)) {
                return false;
            }
        }
        return true;
    }

    /** Whether it only means that the stream ended early: then the connection broke. */
    private static boolean isBreak(Throwable cause) {
        return cause instanceof TlsTruncatedException
                || (cause instanceof ProtocolException violation && violation.streamEnded());
    }

    /** An unreachable target is treated the same through a proxy as without one. */
    private static boolean passes(Throwable cause) {
        return cause instanceof ProxyRefusedException refused && refused.mayPass();
    }

    private boolean spend() {
        long now = loop.nanoTime();
        if (now - began >= WINDOW_NANOS) {
            began = now;
            left = Math.max(left, RESERVE);
        }
        if (left < 1) {
            return false;
        }
        left--;
        return true;
    }
}
