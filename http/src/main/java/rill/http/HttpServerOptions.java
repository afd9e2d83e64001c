package rill.http;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import rill.ByteLayer;
import rill.ListenOptions;
import rill.http.wire.HttpLimits;

/** How to serve HTTP; immutable, each method that takes an argument gives a changed copy. */
public final class HttpServerOptions {
    private static final HttpServerOptions DEFAULTS = new HttpServerOptions(new Values());

    /** What an instance holds. Changed only before it has one. */
    private static final class Values implements Cloneable {
        private ListenOptions listen = ListenOptions.defaults();
        private HttpLimits limits = HttpLimits.defaults();
        private List<ByteLayer> layers = List.of();
        private Duration headDeadline = Duration.ofSeconds(10);
        private Duration idleTime = Duration.ofSeconds(60);
        private int progressBytes = 1024;
        private Duration progressTime = Duration.ofSeconds(10);
        private int pipelined = 16;
        private int waitingBytes = 64 * 1024;
        private int drainBytes = 256 * 1024;
        private int compressFrom = Compression.OFF;
        private @Nullable Consumer<? super HttpAccess> accessLog;
        private InstantSource clock = InstantSource.system();

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
     * {@link ListenOptions#defaults()} and {@link HttpLimits#defaults()}, no layers; 10 seconds for a head, 60 seconds idle, a body of at least 1 KiB in
     * 10 seconds; 16 requests in progress, 64 KiB waiting, 256 KiB drained; no access log.
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

    // ---- what it says

    /** How to listen. Its {@link ListenOptions#idleTime} and {@link ListenOptions#requestsInFlight} don't count: those below do. */
    public ListenOptions listen() {
        return values.listen;
    }

    /** How large heads may be. */
    public HttpLimits limits() {
        return values.limits;
    }

    /** What is beneath HTTP, from the top: TLS, the PROXY protocol. */
    public List<ByteLayer> layers() {
        return values.layers;
    }

    /** How long a head may take from its first byte on; a client that takes longer is answered with 408. */
    public Duration headDeadline() {
        return values.headDeadline;
    }

    /**
     * How long a connection may have nothing to do, and how long a client may take nothing of an answer. <b>Not guaranteed:</b> the exact time. It may take
     * up to a quarter more.
     */
    public Duration idleTime() {
        return values.idleTime;
    }

    /** How many bytes of a body have to come in each {@link #progressTime}, while the handler waits for them. */
    public int progressBytes() {
        return values.progressBytes;
    }

    /** See {@link #progressBytes}; a client that is slower is answered with 408. Neither is exact, as {@link #idleTime}. */
    public Duration progressTime() {
        return values.progressTime;
    }

    /** How many requests of one connection are in progress before it is read no further. */
    public int pipelined() {
        return values.pipelined;
    }

    /** How many bytes of bodies may wait for their handlers, counting some for each piece, before the connection is read no further. */
    public int waitingBytes() {
        return values.waitingBytes;
    }

    /** How much of a body that its handler has not read is thrown away after the answer, so that the connection can be used again; otherwise it closes. */
    public int drainBytes() {
        return values.drainBytes;
    }

    /** From how many bytes on answers are compressed; -1 if none are. */
    public int compressFrom() {
        return values.compressFrom;
    }

    /** Who is told of each request, on the loop; null if nobody is. */
    public @Nullable Consumer<? super HttpAccess> accessLog() {
        return values.accessLog;
    }

    /** Where dates come from. */
    public InstantSource clock() {
        return values.clock;
    }

    // ---- changed copies

    /** With these options of listening. */
    public HttpServerOptions listen(ListenOptions options) {
        Objects.requireNonNull(options, "options");
        return with(copy -> copy.listen = options);
    }

    /** With these limits of heads. */
    public HttpServerOptions limits(HttpLimits limits) {
        Objects.requireNonNull(limits, "limits");
        return with(copy -> copy.limits = limits);
    }

    /**
     * Over one more layer, beneath those that are there: {@code over(tls).over(proxy)} where a proxy sends its header before TLS begins.
     */
    public HttpServerOptions over(ByteLayer below) {
        Objects.requireNonNull(below, "below");
        return with(copy -> copy.layers =
                Stream.concat(copy.layers.stream(), Stream.of(below)).toList());
    }

    /** With this {@link #headDeadline()}. */
    public HttpServerOptions headDeadline(Duration time) {
        positive(time, "headDeadline");
        return with(copy -> copy.headDeadline = time);
    }

    /** With this {@link #idleTime()}. */
    public HttpServerOptions idleTime(Duration time) {
        positive(time, "idleTime");
        return with(copy -> copy.idleTime = time);
    }

    /** With at least so many bytes of a body in each such time. */
    public HttpServerOptions bodyProgress(int bytes, Duration time) {
        atLeast(1, bytes, "bodyProgress");
        positive(time, "bodyProgress");
        return with(copy -> {
            copy.progressBytes = bytes;
            copy.progressTime = time;
        });
    }

    /** With this {@link #pipelined()}. */
    public HttpServerOptions pipelined(int requests) {
        atLeast(1, requests, "pipelined");
        return with(copy -> copy.pipelined = requests);
    }

    /** With this {@link #waitingBytes()}. */
    public HttpServerOptions waitingBytes(int bytes) {
        atLeast(1, bytes, "waitingBytes");
        return with(copy -> copy.waitingBytes = bytes);
    }

    /** With this {@link #drainBytes()}. */
    public HttpServerOptions drainBytes(int bytes) {
        atLeast(0, bytes, "drainBytes");
        return with(copy -> copy.drainBytes = bytes);
    }

    /**
     * With answers sent as gzip to clients that take it: those of at least so many bytes, or of unknown length, that are text by their Content-Type (or JSON,
     * XML, JavaScript, WebAssembly, SVG), and were not encoded before. They say {@code Vary: Accept-Encoding}, encoded or not; an ETag becomes a weak one where they
     * are encoded. Of a stream each piece is sent as it comes. Parts of files, and what says {@code Cache-Control: no-transform}, stay as they are. It takes time on
     * the loop: some 10 ms for a MiB, in pieces. <b>Not for</b> answers that have a secret in them beside what a stranger can choose: its length gives it away
     * (BREACH).
     *
     * @param leastBytes 1,024 is a good choice: less than that gains nothing
     */
    public HttpServerOptions compress(int leastBytes) {
        atLeast(0, leastBytes, "compress");
        return with(copy -> copy.compressFrom = leastBytes);
    }

    /** With somebody who is told of each request, on the loop. */
    public HttpServerOptions accessLog(Consumer<? super HttpAccess> log) {
        Objects.requireNonNull(log, "log");
        return with(copy -> copy.accessLog = log);
    }

    /** With dates from there. */
    public HttpServerOptions clock(InstantSource source) {
        Objects.requireNonNull(source, "source");
        return with(copy -> copy.clock = source);
    }

    @Override
    public String toString() {
        return "HttpServerOptions[headDeadline=" + headDeadline() + ", idleTime=" + idleTime() + ", bodyProgress="
                + progressBytes() + " in " + progressTime() + ", pipelined=" + pipelined() + ", waitingBytes="
                + waitingBytes() + ", drainBytes=" + drainBytes() + ", " + limits() + ", " + listen() + "]";
    }
}
