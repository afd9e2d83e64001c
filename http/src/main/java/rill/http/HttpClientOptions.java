package rill.http;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.ConnectOptions;
import rill.codec.tls.Tls;
import rill.codec.tls.TlsClient;
import rill.http.wire.HttpFields;
import rill.http.wire.HttpLimits;

/**
 * Options of an {@link HttpClient}. Immutable; each method that takes an argument returns a changed copy.
 *
 * <p><b>Units:</b> sizes are in bytes.
 */
public final class HttpClientOptions {
    private static final int MEBI = 1024 * 1024;

    private static final HttpClientOptions DEFAULTS = new HttpClientOptions(new Draft());

    static final class Draft implements Cloneable {
        ConnectOptions connect = ConnectOptions.defaults();

        @Nullable
        HttpProxy proxy;

        TlsClient tls = Tls.client().alpn("http/1.1");
        HttpLimits limits = HttpLimits.defaults();
        HttpFields fields = HttpFields.none();
        int connections = 16;
        int waiting = 1024;
        Duration waitTime = Duration.ofSeconds(30);
        Duration keep = Duration.ofSeconds(30);
        Duration head = Duration.ofSeconds(30);
        Duration idle = Duration.ofSeconds(60);
        Duration whole = Duration.ZERO;
        int bodyBytes = 8 * MEBI;
        boolean inflate = true;
        long inflatedBytes = 1024L * MEBI;
        int ratio = 100;
        int redirects;
        int retries;
        Duration firstPause = Duration.ofMillis(100);
        Duration longestPause = Duration.ofSeconds(5);

        Draft copy() {
            try {
                return (Draft) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    final Draft is;

    private HttpClientOptions(Draft is) {
        this.is = is;
    }

    private HttpClientOptions changed(Consumer<Draft> change) {
        Draft draft = is.copy();
        change.accept(draft);
        return new HttpClientOptions(draft);
    }

    /**
     * The defaults: up to 16 connections to an origin, for which up to 1,024 requests may wait, up to 30 seconds each; an idle connection is kept for
     * 30 seconds, or less if the server says so. 10 seconds to connect, 30 for the head of a response, 60 without any progress, and no limit for the
     * whole request. Bodies of up to 8 MiB if read as a whole; gzip and deflate are undone, up to 1 GiB and a hundredfold; redirections are not
     * followed.
     */
    public static HttpClientOptions defaults() {
        return DEFAULTS;
    }

    // ---- connections

    /**
     * Sets how to connect: a time limit, socket options, and a proxy that relays any protocol (SOCKS). Set an HTTP proxy by {@link #proxy} instead:
     * many relay only to port 443.
     *
     * @throws IllegalArgumentException if a {@link #proxy} is set and these options have one as well
     */
    public HttpClientOptions connect(ConnectOptions options) {
        Objects.requireNonNull(options, "options");
        requireOneProxy(options, is.proxy);
        return changed(draft -> draft.connect = options);
    }

    /**
     * Sends requests through an HTTP proxy.
     *
     * @throws IllegalArgumentException if the options of {@link #connect} already have a proxy
     */
    public HttpClientOptions proxy(HttpProxy newProxy) {
        Objects.requireNonNull(newProxy, "proxy");
        requireOneProxy(is.connect, newProxy);
        return changed(draft -> draft.proxy = newProxy);
    }

    private static void requireOneProxy(ConnectOptions connect, @Nullable HttpProxy proxy) {
        if (proxy != null && connect.proxy() != null) {
            throw new IllegalArgumentException(
                    "one proxy, not both the " + proxy + " and, to connect, the " + connect.proxy());
        }
    }

    /** Sets the TLS client. If it offers protocols, it must offer {@code http/1.1}. */
    public HttpClientOptions tls(TlsClient client) {
        Objects.requireNonNull(client, "client");
        return changed(draft -> draft.tls = client);
    }

    /** Makes at most this many connections to each origin. */
    public HttpClientOptions connections(int most) {
        return changed(draft -> draft.connections = atLeast(1, most, "connections"));
    }

    /** Lets at most this many requests wait for a connection to each origin; more fail at once. */
    public HttpClientOptions waiting(int most) {
        return changed(draft -> draft.waiting = atLeast(0, most, "waiting"));
    }

    /** Keeps an idle connection for this long, or, if the server has announced its own time, until a second before that. */
    public HttpClientOptions keep(Duration time) {
        return changed(draft -> draft.keep = positive(time, "keep"));
    }

    // ---- time

    /**
     * Lets a request wait this long for a connection, whether all are in use or a new one has to be made. A request that waits longer fails, and was
     * never sent.
     */
    public HttpClientOptions waitTimeout(Duration time) {
        return changed(draft -> draft.waitTime = positive(time, "waitTimeout"));
    }

    /**
     * Gives a server this long for the head of its response, counted from when the whole request was sent. Interim responses (102, 103) don't extend
     * it, and more than a hundred of them fail the request.
     */
    public HttpClientOptions headTimeout(Duration time) {
        return changed(draft -> draft.head = positive(time, "headTimeout"));
    }

    /** Fails a request if for this long no byte of a body was sent or received, or nobody asked for the bytes that were received. */
    public HttpClientOptions idleTimeout(Duration time) {
        return changed(draft -> draft.idle = positive(time, "idleTimeout"));
    }

    /** Gives each request this long, from the call to the end of the response's body. */
    public HttpClientOptions within(Duration time) {
        return changed(draft -> draft.whole = positive(time, "the time of a request"));
    }

    // ---- messages

    /**
     * Sends these fields with each request that has none of the same name. Credentials and cookies are not sent after a redirection to another origin.
     *
     * @throws IllegalArgumentException if the client itself sets one of them: those about the connection and about the length of the body
     */
    public HttpClientOptions fields(HttpFields newFields) {
        ClientRequest.requireUnreserved(newFields);
        return changed(draft -> draft.fields = newFields);
    }

    /** Sets the limits on heads. */
    public HttpClientOptions limits(HttpLimits newLimits) {
        Objects.requireNonNull(newLimits, "limits");
        return changed(draft -> draft.limits = newLimits);
    }

    /** Sets the limit, after inflating, of bodies that are read as a whole. */
    public HttpClientOptions bodyBytes(int most) {
        return changed(draft -> draft.bodyBytes = atLeast(0, most, "bodyBytes"));
    }

    /**
     * Sets whether the client asks for gzip and deflate, and undoes them. It does neither for a request that has its own Accept-Encoding, or that asks
     * for a range.
     */
    public HttpClientOptions inflate(boolean undo) {
        return changed(draft -> draft.inflate = undo);
    }

    /**
     * Inflates bodies up to this many bytes, and up to this many times the bytes received. The ratio applies from 1 MiB on. Streamed bodies are subject
     * to both limits.
     */
    public HttpClientOptions inflated(long most, int mostTimes) {
        return changed(draft -> {
            if (most < 1) {
                throw new IllegalArgumentException("inflated bytes have to be at least 1, not " + most);
            }
            draft.inflatedBytes = most;
            draft.ratio = atLeast(1, mostTimes, "the ratio");
        });
    }

    /**
     * Follows up to this many redirections of a request. Credentials and cookies, of the request or of these options, are not sent to another origin;
     * no redirection from {@code https} to {@code http} is followed; and one that needs the body again is followed only if it can be sent again. A
     * redirection that is not followed, including one too many, is returned as the response.
     */
    public HttpClientOptions redirects(int most) {
        return changed(draft -> draft.redirects = atLeast(0, most, "redirects"));
    }

    /**
     * Retries a request up to this many times, after a pause, if the failure may be temporary: nobody listens, the connection breaks, or no answer
     * arrives in time. It is retried if it can't have reached the server, or is idempotent (GET, HEAD, PUT, DELETE, OPTIONS, TRACE), and if its body
     * can be sent again (bytes, text, a file). Permanent failures are not retried: those of TLS, a proxy or the protocol, and a host without an
     * address. All attempts share the time of {@link #within}. At most a fifth of the requests are retried, beyond 10 in 10 seconds. Responses are
     * never retried, not even a 503.
     */
    public HttpClientOptions retries(int most) {
        return changed(draft -> draft.retries = atLeast(0, most, "retries"));
    }

    /**
     * Pauses for {@code first} before the first of the {@link #retries}, and twice as long before each further one, up to {@code longest}; each pause
     * varies by up to a fifth.
     */
    public HttpClientOptions backOff(Duration first, Duration longest) {
        positive(first, "the first pause");
        if (longest.compareTo(first) < 0) {
            throw new IllegalArgumentException(
                    "the longest pause, " + longest + ", is shorter than the first, " + first);
        }
        return changed(draft -> {
            draft.firstPause = first;
            draft.longestPause = longest;
        });
    }

    private static int atLeast(int least, int value, String what) {
        if (value < least) {
            throw new IllegalArgumentException(what + " has to be at least " + least + ", not " + value);
        }
        return value;
    }

    static Duration positive(Duration time, String what) {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(what + " has to be positive, not " + time);
        }
        return time;
    }

    @Override
    public String toString() {
        return "HttpClientOptions[connect=" + is.connect + ", proxy=" + is.proxy + ", connections=" + is.connections
                + ", waiting=" + is.waiting
                + ", wait=" + is.waitTime + ", keep=" + is.keep + ", head=" + is.head + ", idle=" + is.idle + ", whole="
                + is.whole
                + ", bodyBytes=" + is.bodyBytes + ", inflate=" + is.inflate + " up to " + is.inflatedBytes + " and "
                + is.ratio + " times, redirects=" + is.redirects + ", retries=" + is.retries + "]";
    }
}
