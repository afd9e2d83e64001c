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
 * How an {@link HttpClient} behaves. Immutable; each method that takes an argument gives a changed copy.
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
     * Up to 16 connections to an origin, on which 1,024 requests may wait, for 30 seconds; one that is idle is kept for 30 seconds, or less if the server says
     * so. 10 seconds to connect, 30 for the head of a response, 60 without any progress, and no bound of the whole. Bodies of up to 8 MiB, if asked for as a whole; gzip and
     * deflate are undone, up to 1 GiB and a hundredfold; redirections are not followed.
     */
    public static HttpClientOptions defaults() {
        return DEFAULTS;
    }

    // ---- connections

    /**
     * Connects so: a time limit, socket options, and a proxy that connects on whatever is spoken (SOCKS). An HTTP proxy is for {@link #proxy}: many connect
     * on to port 443 alone.
     *
     * @throws IllegalArgumentException if there is a {@link #proxy} already, and these options have one as well
     */
    public HttpClientOptions connect(ConnectOptions options) {
        Objects.requireNonNull(options, "options");
        requireOneProxy(options, is.proxy);
        return changed(draft -> draft.connect = options);
    }

    /**
     * Sends requests through an HTTP proxy.
     *
     * @throws IllegalArgumentException if the options of {@link #connect} have a proxy already
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

    /** Speaks TLS so. It is to offer {@code http/1.1}, if anything. */
    public HttpClientOptions tls(TlsClient client) {
        Objects.requireNonNull(client, "client");
        return changed(draft -> draft.tls = client);
    }

    /** Makes at most so many connections to each origin. */
    public HttpClientOptions connections(int most) {
        return changed(draft -> draft.connections = atLeast(1, most, "connections"));
    }

    /** Lets at most so many requests wait for a connection to each origin; more fail at once. */
    public HttpClientOptions waiting(int most) {
        return changed(draft -> draft.waiting = atLeast(0, most, "waiting"));
    }

    /** Keeps an idle connection for so long, or, if the server has told its own time, until a second before that. */
    public HttpClientOptions keep(Duration time) {
        return changed(draft -> draft.keep = positive(time, "keep"));
    }

    // ---- time

    /** Lets a request wait so long for a connection, be it that all are used or that one has to be made. One that waits longer fails, and was never sent. */
    public HttpClientOptions waitTimeout(Duration time) {
        return changed(draft -> draft.waitTime = positive(time, "waitTimeout"));
    }

    /**
     * Gives a server so long for the head of its response, from when all of the request was sent. Interim responses (102, 103) don't put that off, and more
     * than a hundred of them are too many.
     */
    public HttpClientOptions headTimeout(Duration time) {
        return changed(draft -> draft.head = positive(time, "headTimeout"));
    }

    /** Gives up when for so long no byte of a body has gone or come, or nobody has asked for those that came. */
    public HttpClientOptions idleTimeout(Duration time) {
        return changed(draft -> draft.idle = positive(time, "idleTimeout"));
    }

    /** Gives each request so long, from the call to the end of the response's body. */
    public HttpClientOptions within(Duration time) {
        return changed(draft -> draft.whole = positive(time, "the time of a request"));
    }

    // ---- messages

    /**
     * Sends these fields with each request that has none of the same name; credentials and cookies not where another origin has redirected it to.
     *
     * @throws IllegalArgumentException if the client itself says one of them: what concerns the connection, and how long a body is
     */
    public HttpClientOptions fields(HttpFields newFields) {
        ClientRequest.requireUnreserved(newFields);
        return changed(draft -> draft.fields = newFields);
    }

    /** Takes heads up to these limits. */
    public HttpClientOptions limits(HttpLimits newLimits) {
        Objects.requireNonNull(newLimits, "limits");
        return changed(draft -> draft.limits = newLimits);
    }

    /** Takes bodies of up to so many bytes, after they were inflated, where all of them is asked for. */
    public HttpClientOptions bodyBytes(int most) {
        return changed(draft -> draft.bodyBytes = atLeast(0, most, "bodyBytes"));
    }

    /**
     * Whether it asks for gzip and deflate, and undoes them. It does neither for a request that says Accept-Encoding itself, or that asks for a range.
     */
    public HttpClientOptions inflate(boolean undo) {
        return changed(draft -> draft.inflate = undo);
    }

    /**
     * Inflates bodies up to so many bytes, and to so many times what came. The ratio counts from a MiB on; a streamed body is held to both.
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
     * Follows up to so many redirections of a request. Credentials and cookies, of the request or of these options, don't go to another origin, no
     * redirection leads from {@code https} to {@code http}, and a body is sent again only if it can be: what is not followed, one too many as well, is given
     * as it is.
     */
    public HttpClientOptions redirects(int most) {
        return changed(draft -> draft.redirects = atLeast(0, most, "redirects"));
    }

    /**
     * Tries a request up to so many times more, after a pause, if it fails in a way that may pass: nobody listens, the connection breaks, no answer comes in
     * time. That is: if it can't have reached the server, or does no harm when it is carried out twice (GET, HEAD, PUT, DELETE, OPTIONS, TRACE); and if its body
     * can be sent again (bytes, text, a file). Not tried again is what stays so: what TLS, a proxy or the protocol does not allow, a host without an address.
     * All tries have the time of {@link #within} together. No more than a fifth of the requests is tried again, beyond 10 in 10 seconds. A response is a response:
     * 503 is not tried again.
     */
    public HttpClientOptions retries(int most) {
        return changed(draft -> draft.retries = atLeast(0, most, "retries"));
    }

    /** Pauses so long before the first of the {@link #retries}, twice as long before each further one, up to a bound; each time up to a fifth more or less. */
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
