package rill.bench;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.bench.Profile.Extent;

/** The contenders. To add a competitor, write a class in {@code rill.bench.program}, and add a line here. */
final class Contenders {
    private static final List<String> RILL_JARS =
            List.of("rill-core", "rill-transport-nio", "netty-buffer", "netty-common", "jspecify");
    private static final List<String> RILL_EPOLL_JARS = List.of(
            "rill-core", "rill-transport-nio", "rill-transport-epoll", "netty-buffer", "netty-common", "jspecify");
    private static final List<String> RILL_URING_JARS = with(RILL_EPOLL_JARS, "rill-transport-uring");
    private static final List<String> NETTY_NIO_JARS =
            List.of("netty-buffer", "netty-common", "netty-transport", "netty-resolver");
    private static final List<String> NETTY_EPOLL_JARS = with(
            NETTY_NIO_JARS,
            "netty-transport-native-unix-common",
            "netty-transport-classes-epoll",
            "netty-transport-native-epoll");
    private static final List<String> NETTY_URING_JARS = with(
            NETTY_NIO_JARS,
            "netty-transport-native-unix-common",
            "netty-transport-classes-io_uring",
            "netty-transport-native-io_uring");

    /** The flag by which a transport with native access is used without a warning. */
    private static final List<String> NATIVE = List.of("--enable-native-access=ALL-UNNAMED");

    /** The settings that are usual where Netty is tuned for benchmarks. */
    private static final List<String> FAST = List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dio.netty.noUnsafe=false",
            "-Dio.netty.leakDetection.level=disabled",
            "-Dio.netty.buffer.checkBounds=false",
            "-Dio.netty.buffer.checkAccessible=false");

    /** The contenders of every case: Rill and Netty in their fastest settings on each kind of transport, and the limit. */
    private static final List<String> PRINCIPAL =
            List.of("rill-nio", "rill-epoll", "rill-uring", "netty-nio", "netty-epoll", "netty-io_uring", "bare-c");

    private static final String RING = "io_uring with a buffer ring";
    private static final List<String> ON_RINGS = List.of("rill-uring", "netty-io_uring");

    private Contenders() {}

    /** For a quick run, without io_uring. */
    static List<Contender> principal(Extent extent) {
        return echo().stream()
                .filter(each -> PRINCIPAL.contains(each.name()))
                .filter(each -> extent != Extent.QUICK || !ON_RINGS.contains(each.name()))
                .toList();
    }

    static List<Contender> echo() {
        return List.of(
                rill("nio", "RillEcho"),
                rill("epoll", "RillEcho"),
                rill("uring", "RillEcho"),
                rill("epoll-nio", "RillEcho"),
                netty("netty-nio", "NIO, fastest settings, pooled buffers", FAST, NETTY_NIO_JARS, "nio", "pooled"),
                netty(
                        "netty-epoll",
                        "epoll, fastest settings, pooled buffers",
                        FAST,
                        NETTY_EPOLL_JARS,
                        "epoll",
                        "pooled"),
                netty(
                        "netty-epoll-adaptive",
                        "epoll, fastest settings, adaptive buffers",
                        FAST,
                        NETTY_EPOLL_JARS,
                        "epoll",
                        "adaptive"),
                netty(
                        "netty-io_uring",
                        RING + ", fastest settings, pooled buffers",
                        FAST,
                        NETTY_URING_JARS,
                        "io_uring",
                        "pooled"),
                netty("netty-nio-plain", "NIO, as it comes", NATIVE, NETTY_NIO_JARS, "nio"),
                netty("netty-epoll-plain", "epoll, as it comes", NATIVE, NETTY_EPOLL_JARS, "epoll"),
                other("bare-nio", "a bare loop on NIO", program("NioEcho"), List.of(), List.of(), List.of()),
                inC("a bare epoll loop in C", "ECHO"),
                new Contender(
                        "bare-c-uring",
                        "a bare io_uring loop in C",
                        false,
                        null,
                        List.of("URING"),
                        List.of(),
                        List.of()));
    }

    /** HTTP servers: those of every run, and other common ones. */
    static List<Contender> http(Extent extent) {
        List<Contender> all = new ArrayList<>(List.of(
                rill("nio", "RillHttp"),
                rill("epoll", "RillHttp"),
                rill("uring", "RillHttp"),
                nettyHttp("netty-nio", "NIO", "nio", "pooled"),
                nettyHttp("netty-epoll", "epoll", "epoll", "pooled"),
                nettyHttp("netty-io_uring", RING, "io_uring", "pooled"),
                httpInC()));
        if (extent != Extent.QUICK) {
            all.add(otherHttp("vertx", "Vert.x on epoll", "VertxHttp"));
        }
        if (extent == Extent.FULL) {
            all.add(nettyHttp("netty-epoll-lax", "epoll, without its checks of fields", "epoll", "pooled", "lax"));
            all.add(otherHttp("microhttp", "microhttp on NIO", "MicroHttp"));
            all.add(otherHttp("helidon", "Helidon, a virtual thread for each connection", "HelidonHttp"));
            all.add(otherHttp("jdk", "the JDK's HttpServer", "JdkHttp", "-Dsun.net.httpserver.nodelay=true"));
        }
        return List.copyOf(all);
    }

    private static Contender nettyHttp(String name, String title, String... options) {
        return nettyWith("HttpServerCodec", "NettyHttp", name, title, options);
    }

    /** Returns a server with these handlers of Netty's. */
    private static Contender nettyWith(String handlers, String program, String name, String title, String... options) {
        return other(
                name,
                "Netty's " + handlers + ": " + title + ", fastest settings, pooled buffers",
                program(program),
                List.of(options),
                FAST,
                List.of("*"));
    }

    private static Contender otherHttp(String name, String title, String program, String... flags) {
        return other(name, title, program(program), List.of(), with(FAST, flags), List.of("*"));
    }

    static Contender httpInC() {
        return inC("a bare epoll loop in C that counts blank lines", "HTTP");
    }

    private static Contender inC(String title, String which) {
        return new Contender("bare-c", title, false, null, List.of(which), List.of(), List.of());
    }

    /** Returns the HTTP clients. */
    static List<Contender> httpClients() {
        return List.of(
                rill("nio", "RillHttpClient"),
                rill("epoll", "RillHttpClient"),
                rill("uring", "RillHttpClient"),
                otherHttp("vertx", "Vert.x's client on epoll", "VertxHttpClient"),
                otherHttp("jdk", "the JDK's HttpClient, on a thread of its own", "JdkHttpClient"),
                other(
                        "jdk-pool",
                        "the JDK's HttpClient, on the common pool",
                        program("JdkHttpClient"),
                        List.of("pool"),
                        with(FAST, "-Djava.util.concurrent.ForkJoinPool.common.parallelism=1"),
                        List.of("*")));
    }

    /** Returns the reverse proxies. */
    static List<Contender> proxies() {
        return List.of(
                rill("nio", "RillProxy"),
                rill("epoll", "RillProxy"),
                rill("uring", "RillProxy"),
                nettyProxy("netty-nio", "NIO", "nio", "pooled"),
                nettyProxy("netty-epoll", "epoll", "epoll", "pooled"),
                nettyProxy("netty-io_uring", RING, "io_uring", "pooled"));
    }

    private static Contender nettyProxy(String name, String title, String... options) {
        return nettyWith("HttpServerCodec and HttpClientCodec", "NettyProxy", name, title, options);
    }

    /** Returns the echoes over WebSockets. */
    static List<Contender> webSockets() {
        return List.of(
                rill("nio", "RillWebSocket"),
                rill("epoll", "RillWebSocket"),
                rill("uring", "RillWebSocket"),
                nettyWebSocket("netty-nio", "NIO", "nio", "pooled"),
                nettyWebSocket("netty-epoll", "epoll", "epoll", "pooled"),
                nettyWebSocket("netty-io_uring", RING, "io_uring", "pooled"));
    }

    private static Contender nettyWebSocket(String name, String title, String... options) {
        return nettyWith("WebSocketServerProtocolHandler", "NettyWebSocket", name, title, options);
    }

    /** Returns the echoes over TLS: with the JDK's engine under both, and for the record with OpenSSL's under Netty. */
    static List<Contender> tls() {
        return List.of(
                rill("nio", "RillTlsEcho"),
                rill("epoll", "RillTlsEcho"),
                rill("uring", "RillTlsEcho"),
                nettyTls("netty-nio", "NIO, the JDK's engine", "nio", "JDK"),
                nettyTls("netty-epoll", "epoll, the JDK's engine", "epoll", "JDK"),
                nettyTls("netty-io_uring", RING + ", the JDK's engine", "io_uring", "JDK"),
                nettyTls("netty-epoll-boringssl", "epoll, BoringSSL", "epoll", "OPENSSL"));
    }

    private static Contender nettyTls(String name, String title, String transport, String provider) {
        return other(
                name,
                "Netty: " + title + ", fastest settings, pooled buffers",
                program("NettyTlsEcho"),
                List.of(transport, "pooled", provider),
                FAST,
                List.of("*"));
    }

    static List<Contender> redis() {
        return List.of(
                rill("nio", "RillRedis"),
                rill("epoll", "RillRedis"),
                rill("uring", "RillRedis"),
                rillPool(1),
                rillPool(4),
                nettyClient("netty-nio", "flushes consolidated by default (256)", "nio", 256),
                nettyClient("netty-epoll", "flushes consolidated by default (256)", "epoll", 256),
                nettyClient("netty-io_uring", RING + ", flushes consolidated by default (256)", "io_uring", 256),
                nettyClient("netty-epoll-8", "flushes consolidated by 8", "epoll", 8),
                nettyClient("netty-epoll-64", "flushes consolidated by 64", "epoll", 64),
                lettuce("lettuce", "Lettuce, asynchronous commands"),
                lettuce("lettuce-256", "Lettuce, flushes consolidated by 256", "256"),
                other("jedis", "Jedis, pipelined", program("JedisRedis"), List.of(), List.of(), List.of("*")),
                other("vertx", "Vert.x's Redis client", program("VertxRedis"), List.of(), FAST, List.of("*")));
    }

    private static Contender lettuce(String name, String title, String... options) {
        List<String> jvm = with(FAST, "-Dio.netty.allocator.type=pooled"); // for which it was built
        return other(name, title, program("LettuceRedis"), List.of(options), jvm, List.of("*"));
    }

    private static Contender rill(String transport, String program) {
        List<String> jars = switch (transport) {
            case "nio" -> RILL_JARS;
            case "uring" -> RILL_URING_JARS;
            default -> RILL_EPOLL_JARS;
        };
        List<String> jvm = with(transport.equals("nio") ? List.of() : NATIVE, "-Drill.transport=" + transport);
        return new Contender(
                "rill-" + transport,
                "Rill on " + transport + ", as it comes",
                true,
                program(program),
                List.of(),
                jvm,
                program.equals("RillEcho") ? jars : List.of("*"));
    }

    /** Returns Rill without metrics and with them; here the latter is the baseline. */
    static List<Contender> metrics() {
        return List.of(
                rill("epoll", "RillEcho"),
                other(
                        "rill-epoll-metrics",
                        "the same, its metrics read once a second, with an observer",
                        program("RillEcho"),
                        List.of("metrics"),
                        with(NATIVE, "-Drill.transport=epoll"),
                        RILL_EPOLL_JARS));
    }

    /** Shows what a pool costs compared with the client on epoll, and what several connections gain. */
    private static Contender rillPool(int connections) {
        return new Contender(
                "rill-pool-" + connections,
                "Rill on epoll, a pool of " + connections,
                true,
                program("RillRedis"),
                List.of("" + connections),
                with(NATIVE, "-Drill.transport=epoll"),
                List.of("*"));
    }

    private static Contender netty(String name, String title, List<String> jvm, List<String> jars, String... options) {
        return other(name, "Netty: " + title, program("NettyEcho"), List.of(options), jvm, jars);
    }

    private static Contender nettyClient(String name, String title, String transport, int consolidation) {
        return other(
                name,
                "a client written by hand on Netty, " + title,
                program("NettyRedis"),
                List.of(transport, "pooled", Integer.toString(consolidation)),
                FAST,
                List.of("*"));
    }

    private static Contender other(
            String name,
            String title,
            @Nullable String program,
            List<String> options,
            List<String> jvm,
            List<String> jars) {
        return new Contender(name, title, false, program, options, jvm, jars);
    }

    private static String program(String name) {
        return "rill.bench.program." + name;
    }

    private static List<String> with(List<String> first, String... more) {
        List<String> all = new ArrayList<>(first);
        all.addAll(List.of(more));
        return List.copyOf(all);
    }
}
