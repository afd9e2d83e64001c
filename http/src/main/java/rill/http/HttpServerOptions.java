package rill.http;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.ListenOptions;
import rill.Loop;
import rill.http.wire.HttpLimits;

/** Options of an {@link HttpServer}. Immutable; each method that takes an argument returns a changed copy. */
public final class HttpServerOptions {
    private static final HttpServerOptions DEFAULTS = new HttpServerOptions(new Values());

    /** The values of an instance. Mutable only until an instance holds them. */
    private static final class Values implements Cloneable {
        private ListenOptions listen = ListenOptions.defaults();
        private HttpLimits limits = HttpLimits.defaults();
        private List<ByteLayer> layers = List.of();
        private Duration headTimeout = Duration.ofSeconds(10);
        private Duration answerDeadline = Duration.ZERO;
        private Duration idleTime = Duration.ofSeconds(60);
        private boolean halfClose = true;
        private int progressBytes = 1024;
        private Duration progressTime = Duration.ofSeconds(10);
        private int pipelined = 16;
        private int waitingBytes = 64 * 1024;
        private int drainBytes = 256 * 1024;
        private int compressFrom = Compression.OFF;
        private @Nullable Consumer<? super HttpAccess> accessLog;
        private @Nullable Function<? super HttpError, HttpResponse> errorAnswers;
        private @Nullable InstantSource clock;

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

    private HttpServerOptions(Values values) {
        this.values = values;
    }

    /**
     * The defaults: {@link ListenOptions#defaults()} and {@link HttpLimits#defaults()}, no layers; 10 seconds for a head, no bound for handlers, 60
     * seconds idle, at least 1 KiB of a body every 10 seconds; 16 requests in progress, 64 KiB waiting, 256 KiB drained; no compression and no access
     * log; short texts as answers to errors.
     */
    public static HttpServerOptions defaults() {
        return DEFAULTS;
    }

    private HttpServerOptions with(Consumer<Values> change) {
        Values copy = values.clone();
        change.accept(copy);
        return new HttpServerOptions(copy);
    }

    private static Duration positive(Duration time, String what) {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(what + " has to be longer than nothing, unlike " + time);
        }
        return time;
    }

    private static int atLeast(int least, int number, String what) {
        if (number < least) {
            throw new IllegalArgumentException(what + " has to be at least " + least + ", not " + number);
        }
        return number;
    }

    // ---- values

    /**
     * How to listen. Its {@link ListenOptions#idleTime} and {@link ListenOptions#requestsInFlight} are ignored: {@link #idleTime} and
     * {@link #pipelined} apply instead.
     */
    public ListenOptions listen() {
        return values.listen;
    }

    /** The limits on the size of heads. */
    public HttpLimits limits() {
        return values.limits;
    }

    /** The layers beneath HTTP, from the top: TLS, the PROXY protocol. */
    public List<ByteLayer> layers() {
        return values.layers;
    }

    /** The longest time from the first byte of a head to its end; a slower client is answered with 408. */
    public Duration headTimeout() {
        return values.headTimeout;
    }

    /**
     * The longest time that a handler may take, zero for no bound. Then the request is answered with 503, and its Future (the Task, for
     * {@link HttpServer#serveWithTask}) is given up, which cancels it unless others wait for it. The body of the response may take longer.
     */
    public Duration answerDeadline() {
        return values.answerDeadline;
    }

    /**
     * The longest time that a connection may have nothing to do, that a client may take nothing of what was written, and that nothing is written to a
     * client that has ended its stream and may have gone. <b>Not guaranteed:</b> the exact time; it may be up to a quarter longer.
     */
    public Duration idleTime() {
        return values.idleTime;
    }

    /**
     * Whether a client that has ended its stream is still answered. If not, it counts as gone at once: its requests in progress are given up, and its
     * connection is reset.
     */
    public boolean halfClose() {
        return values.halfClose;
    }

    /** The number of bytes of a body that have to arrive in each {@link #bodyProgressTime} while the handler waits for them. */
    public int bodyProgressBytes() {
        return values.progressBytes;
    }

    /** The period of {@link #bodyProgressBytes}; a slower client is answered with 408. Like {@link #idleTime}, neither is exact. */
    public Duration bodyProgressTime() {
        return values.progressTime;
    }

    /** The number of requests in progress on one connection at which it is no longer read. */
    public int pipelined() {
        return values.pipelined;
    }

    /** The number of bytes of bodies waiting for their handlers, with some overhead counted for each piece, at which the connection is no longer read. */
    public int waitingBytes() {
        return values.waitingBytes;
    }

    /**
     * How many bytes of a body that its handler left unread are discarded after the answer to keep the connection usable; if there are more, it is
     * closed.
     */
    public int drainBytes() {
        return values.drainBytes;
    }

    /** The size from which answers are compressed; -1 if none are. */
    public int compressFrom() {
        return values.compressFrom;
    }

    /** Called for each request, on the loop; null if there is no access log. */
    public @Nullable Consumer<? super HttpAccess> accessLog() {
        return values.accessLog;
    }

    /** Makes the answers that the server itself gives; null for short texts. */
    public @Nullable Function<? super HttpError, HttpResponse> errorAnswers() {
        return values.errorAnswers;
    }

    /** The source of dates; null for the loop's {@link Loop#wallClock}. */
    public @Nullable InstantSource clock() {
        return values.clock;
    }

    // ---- changed copies

    /** Sets {@link #listen()}. */
    public HttpServerOptions listen(ListenOptions options) {
        Objects.requireNonNull(options, "options");
        return with(copy -> copy.listen = options);
    }

    /** Sets {@link #limits()}. */
    public HttpServerOptions limits(HttpLimits limits) {
        Objects.requireNonNull(limits, "limits");
        return with(copy -> copy.limits = limits);
    }

    /** Adds a layer beneath the existing ones: {@code over(tls).over(proxy)} where a proxy sends its header before TLS begins. */
    public HttpServerOptions over(ByteLayer below) {
        Objects.requireNonNull(below, "below");
        return with(copy -> copy.layers =
                Stream.concat(copy.layers.stream(), Stream.of(below)).toList());
    }

    /** Sets {@link #headTimeout()}. */
    public HttpServerOptions headTimeout(Duration time) {
        positive(time, "headTimeout");
        return with(copy -> copy.headTimeout = time);
    }

    /** Sets {@link #answerDeadline()}. */
    public HttpServerOptions answerDeadline(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("answerDeadline can't be negative, unlike " + time);
        }
        return with(copy -> copy.answerDeadline = time);
    }

    /** Sets {@link #idleTime()}. */
    public HttpServerOptions idleTime(Duration time) {
        positive(time, "idleTime");
        return with(copy -> copy.idleTime = time);
    }

    /**
     * Sets {@link #halfClose()}, which is on by default. Without it a handler is cancelled as soon as a browser has left, but {@code nc -N} gets no
     * answer.
     */
    public HttpServerOptions halfClose(boolean answered) {
        return with(copy -> copy.halfClose = answered);
    }

    /** Sets {@link #bodyProgressBytes()} and {@link #bodyProgressTime()}. */
    public HttpServerOptions bodyProgress(int bytes, Duration time) {
        atLeast(1, bytes, "bodyProgress");
        positive(time, "bodyProgress");
        return with(copy -> {
            copy.progressBytes = bytes;
            copy.progressTime = time;
        });
    }

    /** Sets {@link #pipelined()}. */
    public HttpServerOptions pipelined(int requests) {
        atLeast(1, requests, "pipelined");
        return with(copy -> copy.pipelined = requests);
    }

    /** Sets {@link #waitingBytes()}. */
    public HttpServerOptions waitingBytes(int bytes) {
        atLeast(1, bytes, "waitingBytes");
        return with(copy -> copy.waitingBytes = bytes);
    }

    /** Sets {@link #drainBytes()}. */
    public HttpServerOptions drainBytes(int bytes) {
        atLeast(0, bytes, "drainBytes");
        return with(copy -> copy.drainBytes = bytes);
    }

    /**
     * Sets {@link #compressFrom()}: answers are compressed with gzip for clients that accept it. An answer is compressed if it has at least this many
     * bytes or an unknown length, if its Content-Type is text (or JSON, XML, JavaScript, WebAssembly, SVG), and if it was not encoded before. Such
     * answers say {@code Vary: Accept-Encoding}, encoded or not; where they are encoded, an ETag becomes a weak one. Each piece of a stream is sent as
     * it arrives. Parts of files, and answers with {@code Cache-Control: no-transform}, stay as they are. Compression takes time on the loop: some
     * 10 ms per MiB, in pieces. <b>Not for</b> answers that contain a secret next to text that a stranger can choose: their length reveals it (BREACH).
     *
     * @param leastBytes 1,024 is a good choice: compressing less gains nothing
     */
    public HttpServerOptions compressFrom(int leastBytes) {
        atLeast(0, leastBytes, "compressFrom");
        return with(copy -> copy.compressFrom = leastBytes);
    }

    /** Sets the callback for each request, called on the loop. */
    public HttpServerOptions accessLog(Consumer<? super HttpAccess> log) {
        Objects.requireNonNull(log, "log");
        return with(copy -> copy.accessLog = log);
    }

    /**
     * Sets what makes the answers that the server itself gives, instead of short texts, for clients that expect another format: to a request that is
     * invalid or too long (400, 413, 414, 417, 431, 501, 505) or takes too long (408), and in place of a handler that fails (500), is cancelled or takes
     * too long (503), {@link HttpRefusedException refuses}, or answers with a file that is missing or may not be read (404, 403).
     *
     * <pre>{@code
     * options.errorAnswers(error -> HttpResponse.json("{\"status\":" + error.status() + "}"))
     * }</pre>
     *
     * <p>It is called once for each such answer, on the loop of the connection, and so can also count them. The status of its response does not
     * matter: the answer has that of the error. Whether the connection closes does not depend on it either. The body has to be bytes or a text. If the
     * function throws, or its response can't be sent, that is reported, and the answer is a short text after all.
     */
    public HttpServerOptions errorAnswers(Function<? super HttpError, HttpResponse> maker) {
        Objects.requireNonNull(maker, "maker");
        return with(copy -> copy.errorAnswers = maker);
    }

    /** Sets a source of dates other than the loop's {@link Loop#wallClock}. */
    public HttpServerOptions clock(InstantSource source) {
        Objects.requireNonNull(source, "source");
        return with(copy -> copy.clock = source);
    }

    @Override
    public String toString() {
        return "HttpServerOptions[headTimeout=" + headTimeout() + ", answerDeadline=" + answerDeadline()
                + ", idleTime=" + idleTime() + ", halfClose=" + halfClose() + ", bodyProgress="
                + bodyProgressBytes() + " in " + bodyProgressTime() + ", pipelined=" + pipelined() + ", waitingBytes="
                + waitingBytes() + ", drainBytes=" + drainBytes() + ", " + limits() + ", " + listen() + "]";
    }
}
