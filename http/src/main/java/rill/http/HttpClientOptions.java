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

    private static final HttpClientOptions DEFAULTS = new HttpClientOptions(new Values());

    /** The values of an instance. Mutable only until an instance holds them. */
    private static final class Values implements Cloneable {
        private ConnectOptions connect = ConnectOptions.defaults();
        private @Nullable HttpProxy proxy;
        private TlsClient tls = Tls.client().alpn("http/1.1");
        private int connections = 16;
        private int waiting = 1024;
        private Duration waitTimeout = Duration.ofSeconds(30);
        private Duration idleTime = Duration.ofSeconds(30);
        private Duration headTimeout = Duration.ofSeconds(30);
        private Duration progressTimeout = Duration.ofSeconds(60);
        private Duration deadline = Duration.ZERO;
        private HttpFields fields = HttpFields.none();
        private HttpLimits limits = HttpLimits.defaults();
        private int bodyBytes = 8 * MEBI;
        private boolean inflate = true;
        private long inflatedBytes = 1024L * MEBI;
        private int inflatedRatio = 100;
        private int redirects;
        private int retries;
        private Duration firstPause = Duration.ofMillis(100);
        private Duration longestPause = Duration.ofSeconds(5);

        @Override
        public Values clone() {
            try {
                return (Values) super.clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final Values values;

    private HttpClientOptions(Values values) {
        this.values = values;
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

    private HttpClientOptions with(Consumer<Values> change) {
        Values copy = values.clone();
        change.accept(copy);
        return new HttpClientOptions(copy);
    }

    private static int atLeast(int least, int number, String what) {
        if (number < least) {
            throw new IllegalArgumentException(what + " has to be at least " + least + ", not " + number);
        }
        return number;
    }

    static Duration positive(Duration time, String what) {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(what + " has to be positive, not " + time);
        }
        return time;
    }

    static Duration notNegative(Duration time, String what) {
        if (time.isNegative()) {
            throw new IllegalArgumentException(what + " can't be negative, unlike " + time);
        }
        return time;
    }

    // ---- values: connections

    /** How to connect: a time limit, socket options, and a proxy that relays any protocol (SOCKS). */
    public ConnectOptions connect() {
        return values.connect;
    }

    /** The HTTP proxy through which requests are sent; null for none. */
    public @Nullable HttpProxy proxy() {
        return values.proxy;
    }

    /** Whom to trust, and the rest of TLS, for {@code https}. */
    public TlsClient tls() {
        return values.tls;
    }

    /** The largest number of connections to each origin. */
    public int connections() {
        return values.connections;
    }

    /** The largest number of requests that wait for a connection to each origin; more fail at once. */
    public int waiting() {
        return values.waiting;
    }

    /**
     * The longest time that a request waits for a connection, whether all are in use or a new one has to be made. A request that waits longer fails,
     * and was never sent.
     */
    public Duration waitTimeout() {
        return values.waitTimeout;
    }

    /** How long an idle connection is kept; if the server has announced its own time, until a second before that. */
    public Duration idleTime() {
        return values.idleTime;
    }

    // ---- values: time

    /**
     * The longest time until the head of a response, counted from when the whole request was sent. Interim responses (102, 103) don't extend it, and
     * more than a hundred of them fail the request.
     */
    public Duration headTimeout() {
        return values.headTimeout;
    }

    /** The longest time in which no byte of a body is sent or received, or nobody asks for the bytes that were received. Then the request fails. */
    public Duration progressTimeout() {
        return values.progressTimeout;
    }

    /** The longest time of each request, from the call to the end of the response's body; zero for no limit. */
    public Duration deadline() {
        return values.deadline;
    }

    // ---- values: messages

    /** The fields that are sent with each request that has none of the same name. */
    public HttpFields fields() {
        return values.fields;
    }

    /** The limits on heads. */
    public HttpLimits limits() {
        return values.limits;
    }

    /** The limit, after inflating, of bodies that are read as a whole. */
    public int bodyBytes() {
        return values.bodyBytes;
    }

    /**
     * Whether the client asks for gzip and deflate, and undoes them. It does neither for a request that has its own Accept-Encoding, or that asks for
     * a range.
     */
    public boolean inflate() {
        return values.inflate;
    }

    /** The largest size of a body after inflating, also of one that is streamed. */
    public long inflatedBytes() {
        return values.inflatedBytes;
    }

    /** How many times the bytes received a body may have after inflating. Applies from 1 MiB on, also to one that is streamed. */
    public int inflatedRatio() {
        return values.inflatedRatio;
    }

    /** The largest number of redirections of a request that are followed. */
    public int redirects() {
        return values.redirects;
    }

    /** The largest number of times that a request is retried after a failure that may be temporary. */
    public int retries() {
        return values.retries;
    }

    /** The pause before the first of the {@link #retries}; before each further one it is twice as long. Each varies by up to a fifth. */
    public Duration firstPause() {
        return values.firstPause;
    }

    /** The longest pause between two tries: see {@link #firstPause}. */
    public Duration longestPause() {
        return values.longestPause;
    }

    // ---- changed copies: connections

    /**
     * Sets {@link #connect()}. Set an HTTP proxy by {@link #proxy(HttpProxy)} instead: many relay only to port 443.
     *
     * @throws IllegalArgumentException if there is a {@link #proxy()} and these options have one as well
     */
    public HttpClientOptions connect(ConnectOptions options) {
        Objects.requireNonNull(options, "options");
        requireOneProxy(options, values.proxy);
        return with(copy -> copy.connect = options);
    }

    /**
     * Sets {@link #proxy()}.
     *
     * @throws IllegalArgumentException if the options of {@link #connect()} already have a proxy
     */
    public HttpClientOptions proxy(HttpProxy proxy) {
        Objects.requireNonNull(proxy, "proxy");
        requireOneProxy(values.connect, proxy);
        return with(copy -> copy.proxy = proxy);
    }

    private static void requireOneProxy(ConnectOptions connect, @Nullable HttpProxy proxy) {
        if (proxy != null && connect.proxy() != null) {
            throw new IllegalArgumentException(
                    "one proxy, not both the " + proxy + " and, to connect, the " + connect.proxy());
        }
    }

    /** Sets {@link #tls()}. If it offers protocols, it must offer {@code http/1.1}. */
    public HttpClientOptions tls(TlsClient client) {
        Objects.requireNonNull(client, "client");
        return with(copy -> copy.tls = client);
    }

    /** Sets {@link #connections()}. */
    public HttpClientOptions connections(int most) {
        atLeast(1, most, "connections");
        return with(copy -> copy.connections = most);
    }

    /** Sets {@link #waiting()}. */
    public HttpClientOptions waiting(int most) {
        atLeast(0, most, "waiting");
        return with(copy -> copy.waiting = most);
    }

    /** Sets {@link #waitTimeout()}. */
    public HttpClientOptions waitTimeout(Duration time) {
        positive(time, "waitTimeout");
        return with(copy -> copy.waitTimeout = time);
    }

    /** Sets {@link #idleTime()}. */
    public HttpClientOptions idleTime(Duration time) {
        positive(time, "idleTime");
        return with(copy -> copy.idleTime = time);
    }

    // ---- changed copies: time

    /** Sets {@link #headTimeout()}. */
    public HttpClientOptions headTimeout(Duration time) {
        positive(time, "headTimeout");
        return with(copy -> copy.headTimeout = time);
    }

    /** Sets {@link #progressTimeout()}. */
    public HttpClientOptions progressTimeout(Duration time) {
        positive(time, "progressTimeout");
        return with(copy -> copy.progressTimeout = time);
    }

    /** Sets {@link #deadline()}; {@link ClientRequest#deadline} sets it for one request. */
    public HttpClientOptions deadline(Duration time) {
        notNegative(time, "deadline");
        return with(copy -> copy.deadline = time);
    }

    // ---- changed copies: messages

    /**
     * Sets {@link #fields()}. Credentials and cookies are not sent after a redirection to another origin.
     *
     * @throws IllegalArgumentException if the client itself sets one of them: those about the connection and about the length of the body
     */
    public HttpClientOptions fields(HttpFields fields) {
        ClientRequest.requireUnreserved(fields);
        return with(copy -> copy.fields = fields);
    }

    /** Sets {@link #limits()}. */
    public HttpClientOptions limits(HttpLimits limits) {
        Objects.requireNonNull(limits, "limits");
        return with(copy -> copy.limits = limits);
    }

    /** Sets {@link #bodyBytes()}. */
    public HttpClientOptions bodyBytes(int most) {
        atLeast(0, most, "bodyBytes");
        return with(copy -> copy.bodyBytes = most);
    }

    /** Sets {@link #inflate()}. */
    public HttpClientOptions inflate(boolean undo) {
        return with(copy -> copy.inflate = undo);
    }

    /** Sets {@link #inflatedBytes()} and {@link #inflatedRatio()}. */
    public HttpClientOptions inflated(long mostBytes, int mostTimes) {
        if (mostBytes < 1) {
            throw new IllegalArgumentException("inflated bytes have to be at least 1, not " + mostBytes);
        }
        atLeast(1, mostTimes, "the ratio");
        return with(copy -> {
            copy.inflatedBytes = mostBytes;
            copy.inflatedRatio = mostTimes;
        });
    }

    /**
     * Sets {@link #redirects()}. Credentials and cookies, of the request or of these options, are not sent to another origin; no redirection from
     * {@code https} to {@code http} is followed; and one that needs the body again is followed only if it can be sent again. A redirection that is not
     * followed, including one too many, is returned as the response.
     */
    public HttpClientOptions redirects(int most) {
        atLeast(0, most, "redirects");
        return with(copy -> copy.redirects = most);
    }

    /**
     * Sets {@link #retries()}. A failure may be temporary if nobody listens, the connection breaks, or no answer arrives in time. The request is retried
     * if it can't have reached the server, or is idempotent (GET, HEAD, PUT, DELETE, OPTIONS, TRACE), and if its body can be sent again (bytes, text, a
     * file). Permanent failures are not retried: those of TLS or the protocol, a proxy whose rules refuse, and a host without an address. All attempts
     * share the {@link #deadline()}. At most a fifth of the requests are retried, beyond 10 in 10 seconds. Responses are never retried, not even a 503.
     */
    public HttpClientOptions retries(int most) {
        atLeast(0, most, "retries");
        return with(copy -> copy.retries = most);
    }

    /** Sets {@link #firstPause()} and {@link #longestPause()}. */
    public HttpClientOptions backOff(Duration first, Duration longest) {
        positive(first, "the first pause");
        if (longest.compareTo(first) < 0) {
            throw new IllegalArgumentException(
                    "the longest pause, " + longest + ", is shorter than the first, " + first);
        }
        return with(copy -> {
            copy.firstPause = first;
            copy.longestPause = longest;
        });
    }

    /** Without the {@link #fields()}, which may be secret. */
    @Override
    public String toString() {
        return "HttpClientOptions[connect=" + connect() + ", proxy=" + proxy() + ", connections=" + connections()
                + ", waiting=" + waiting() + ", waitTimeout=" + waitTimeout() + ", idleTime=" + idleTime()
                + ", headTimeout=" + headTimeout() + ", progressTimeout=" + progressTimeout() + ", deadline="
                + deadline() + ", " + limits() + ", bodyBytes=" + bodyBytes() + ", inflate=" + inflate() + " up to "
                + inflatedBytes() + " and " + inflatedRatio() + " times, redirects=" + redirects() + ", retries="
                + retries() + ", backOff=" + firstPause() + ".." + longestPause() + "]";
    }
}
