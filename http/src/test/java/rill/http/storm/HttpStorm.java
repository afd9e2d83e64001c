package rill.http.storm;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongFunction;
import rill.CancelledException;
import rill.Loop;
import rill.LoopOptions;
import rill.Report;
import rill.http.HttpServer;
import rill.http.HttpServerOptions;
import rill.testkit.storm.World;

/**
 * A server and its users, drawn at random: clients that pipeline, the client with its pool, WebSockets. Whatever they do, each request is
 * answered in order and in full, or fails for a reason. A truncated answer is never taken for a whole one, and at the end nothing is left.
 */
final class HttpStorm {
    private final World world;
    private final Random random;
    private final Answers answers;
    private final Queue<Report> reports = new ConcurrentLinkedQueue<>();
    private final List<Actor> actors = new ArrayList<>();
    private HttpServer server;

    private HttpStorm(long seed, World world) {
        this.world = world;
        random = new Random(seed);
        answers = new Answers(random.nextLong());
    }

    /** Runs one storm and returns the number of answers. */
    static int run(long seed, LongFunction<? extends World> worlds) throws IOException {
        try (World world = worlds.apply(seed)) {
            return new HttpStorm(seed, world).run();
        }
    }

    SocketAddress address() {
        return server.address();
    }

    /** The server's URI, with its numeric address. */
    String uri(String scheme) {
        InetSocketAddress address = (InetSocketAddress) server.address();
        return scheme + "://" + address.getAddress().getHostAddress() + ":" + address.getPort();
    }

    private int run() throws IOException {
        Loop serving = open(0);
        Loop calling = open(1);
        HttpServerOptions options = HttpServerOptions.defaults()
                .pipelined(1 + random.nextInt(16))
                .waitingBytes(1 + random.nextInt(100_000))
                .drainBytes(random.nextInt(100_000));
        server = HttpServer.serve(serving, world.address(0), options, answers::answer)
                .await();
        for (int i = random.nextInt(6); i >= 0; i--) {
            long seed = random.nextLong();
            actors.add(
                    switch (random.nextInt(5)) {
                        case 0, 1 -> new PipeliningActor(this, calling, seed);
                        case 2, 3 -> new PoolingActor(this, calling, seed);
                        default -> new SocketActor(this, calling, seed);
                    });
        }
        actors.forEach(each -> calling.execute(() -> each.guarded(each::begin)));
        Duration limit = world.virtual() ? Duration.ofMinutes(20) : Duration.ofSeconds(60);
        world.until(limit, () -> actors.stream().allMatch(actor -> actor.over));
        check();
        if (random.nextBoolean()) {
            server.finish().await();
            require(server.connections() == 0, "a server that has finished has connections");
        }
        serving.close();
        calling.close();
        require(server.connections() == 0, "the server has connections");
        require(answers.streams.get() == 0, answers.streams + " streams were not closed");
        require(world.left().isEmpty(), "left: " + world.left());
        reports.forEach(this::judge);
        return actors.stream().mapToInt(actor -> actor.answered).sum();
    }

    private Loop open(int number) throws IOException {
        Loop loop = Loop.open(LoopOptions.defaults()
                .transport(world.transport(number))
                .slowHandle(Duration.ZERO)
                .reporter(reports::add));
        world.opened(loop, number);
        return loop;
    }

    private void check() {
        for (Actor each : actors) {
            if (each.wrong() != null) {
                throw new AssertionError(each.getClass().getSimpleName() + ": " + each.wrong(), each.wrong());
            }
            require(each.over, each.getClass().getSimpleName() + " is not over");
        }
    }

    /** Checks that a report has a cause that was planned or that peers that go away may bring about. */
    private void judge(Report report) {
        Throwable cause = switch (report) {
            case Report.Thrown thrown -> thrown.cause();
            case Report.Unobserved unobserved -> unobserved.cause();
            case Report.ConnectionFailed failed -> failed.cause();
            default -> null;
        };
        while (cause != null && cause.getCause() != null) {
            cause = cause.getCause();
        }
        require(
                cause == null || cause instanceof IOException || cause instanceof CancelledException,
                "reported: " + report);
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }
}
