package rill.http;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
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

    /** Connects so: a time limit, a proxy, socket options. */
    public HttpClientOptions connect(ConnectOptions options) {
        Objects.requireNonNull(options, "options");
        return changed(draft -> draft.connect = options);
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
        return "HttpClientOptions[connect=" + is.connect + ", connections=" + is.connections + ", waiting=" + is.waiting
                + ", wait=" + is.waitTime + ", keep=" + is.keep + ", head=" + is.head + ", idle=" + is.idle + ", whole="
                + is.whole
                + ", bodyBytes=" + is.bodyBytes + ", inflate=" + is.inflate + " up to " + is.inflatedBytes + " and "
                + is.ratio + " times, redirects=" + is.redirects + "]";
    }
}
