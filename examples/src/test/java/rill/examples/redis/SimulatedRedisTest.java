package rill.examples.redis;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.Connection;
import rill.Future;
import rill.Loop;
import rill.LoopOptions;
import rill.codec.resp.Command;
import rill.codec.resp.Hello;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.resp.RespException;
import rill.codec.resp.RespSubscriber;
import rill.codec.resp.RespSubscriber.Kind;
import rill.codec.resp.RespVersion;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Simulated;
import rill.transport.sim.Simulation;

/**
 * The client under the swarm. The server keeps what it was told, as Redis does with an append-only file, while it crashes, refuses, loads, and fails
 * to answer.
 */
@Tag("slow")
class SimulatedRedisTest {
    private static final int PORT = 6379;
    private static final SocketAddress SERVER = InetSocketAddress.createUnresolved("server", PORT);
    private static final int ROWDY = 20_000; // milliseconds
    private static final int SENDINGS = 3; // of what may be repeated: the first, and a pool's default number of retries
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final Script SCRIPT = Script.of("return redis.call('append', KEYS[1], 'x')");

    @Simulated(seeds = 100)
    void commands_have_their_answers_or_typed_failures_and_subscriptions_survive(Simulation simulation) {
        var run = new Run(simulation);
        simulation.sometimes("a call is answered", () -> run.answered > 0);
        simulation.sometimes("a subscription is restored", () -> run.restored > 0);
        simulation.host("server", run::serve);
        for (int i = 0; i < simulation.atMost(2, "clients"); i++) {
            simulation.host("client" + i, run::live);
        }
        Duration rowdy = Duration.ofMillis(simulation.atMost(ROWDY, "milliseconds of it"));
        try (var _ = simulation.inject(Faults.swarm().calm(rowdy))) {
            simulation.run(rowdy);
        }
        run.calm = true;
        run.lives.values().forEach(Life::forget);
        simulation.runUntil(() -> run.lives.values().stream().allMatch(Life::well), SOON);
        run.lives.values().forEach(Life::close);
        simulation.run(Duration.ofSeconds(30));
        run.check();
    }

    /** What is known of one run from outside. */
    private static final class Run {
        private final Simulation simulation;
        private final List<String> wrong = new ArrayList<>();
        private final Map<String, Integer> carriedOut = new HashMap<>(); // by what was appended
        private final Map<String, Integer> asked = new HashMap<>();
        private final Set<String> neverSent = new TreeSet<>();
        private final Set<Peer> subscribers = new LinkedHashSet<>();
        private final Map<String, Life> lives = new LinkedHashMap<>(); // by host: its current one
        private int published;
        private int begun;
        private int answered;
        private int restored;
        private boolean calm;

        Run(Simulation simulation) {
            this.simulation = simulation;
        }

        static Loop loop(Host host) {
            return host.loop(LoopOptions.defaults().name(host.name()).reporter(report -> {}));
        }

        void require(boolean condition, String otherwise) {
            if (!condition) {
                wrong.add(otherwise);
            }
        }

        void serve(Host host) {
            subscribers.clear(); // a crash has ended them
            Loop loop = loop(host);
            loop.listen(host.address(PORT), Resp.server(), connection -> new Peer(this, loop, connection).serve());
            publish(loop);
        }

        private void publish(Loop loop) {
            loop.schedule(Duration.ofMillis(50), "publish", () -> {
                published++;
                List.copyOf(subscribers).forEach(each -> each.tell("message", "news", "" + published));
                publish(loop);
            });
        }

        void live(Host host) {
            var life = new Life(this, loop(host), host.name());
            lives.put(host.name(), life);
            life.connect();
        }

        void check() {
            neverSent.forEach(each -> require(
                    !carriedOut.containsKey(each) && !asked.containsKey(each),
                    each + " was never sent, and has arrived"));
            for (Life life : lives.values()) {
                require(life.open == 0, life.open + " calls of " + life.name + " have not ended");
                require(life.loop.connections() == 0, life.name + " still has connections: " + life.loop.alive());
            }
            assertThat(wrong).isEmpty();
        }
    }

    /** One connection, as the server sees it. */
    private static final class Peer {
        private final Run run;
        private final Loop loop;
        private final Connection<Command, Reply> connection;
        private RespVersion version = RespVersion.RESP2;
        private @Nullable List<Command> queued;
        private boolean greeted;

        Peer(Run run, Loop loop, Connection<Command, Reply> connection) {
            this.run = run;
            this.loop = loop;
            this.connection = connection;
        }

        void serve() {
            connection.onMessage(this::answer).onFailure(failure -> {});
            connection.closed().onDone((nothing, never) -> run.subscribers.remove(this));
        }

        private void say(Reply reply) {
            connection.write(version.say(reply));
        }

        void tell(String kind, String channel, String text) {
            say(new Reply.Push(List.of(Reply.bulk(kind), Reply.bulk(channel), Reply.bulk(text))));
        }

        private void answer(Command command) {
            if (run.simulation.buggify(0.02, "closes instead of an answer")) {
                connection.close();
            } else if (!run.simulation.buggify(0.01, "never answers again")) {
                react(command);
            } else {
                connection.pause();
            }
        }

        private void react(Command command) {
            String name = command.name();
            run.require(greeted || name.equals("HELLO") || name.equals("AUTH"), "a connection began with " + command);
            switch (name) {
                case "HELLO" -> hello(command);
                case "AUTH" -> authenticate(command);
                case "MULTI" -> {
                    queued = new ArrayList<>();
                    say(Reply.OK);
                }
                case "EXEC" -> {
                    List<Reply> replies = new ArrayList<>();
                    for (Command each : queued) {
                        replies.add(carryOut(each));
                    }
                    queued = null;
                    say(new Reply.Array(replies));
                }
                case "SUBSCRIBE" -> {
                    run.subscribers.add(this);
                    say(new Reply.Push(List.of(Reply.bulk("subscribe"), Reply.bulk(command.string(1)), Reply.of(1))));
                }
                default -> {
                    if (queued == null) {
                        say(carryOut(command));
                    } else {
                        queued.add(command);
                        say(new Reply.Simple("QUEUED"));
                    }
                }
            }
        }

        private void hello(Command command) {
            if (run.simulation.buggify(0.2, "is loading")) {
                say(new Reply.Failed("LOADING Redis is loading the dataset in memory"));
                return;
            }
            run.require(!greeted, "a connection was greeted twice");
            greeted = command.size() > 2;
            version = command.string(1).equals("3") ? RespVersion.RESP3 : RespVersion.RESP2;
            say(greeted ? new Reply.Map(List.of(Reply.bulk("proto"), Reply.of(version.number()))) : Reply.OK);
        }

        private void authenticate(Command command) {
            greeted = true;
            say(
                    command.string(command.size() - 1).equals("secret")
                            ? Reply.OK
                            : new Reply.Failed("WRONGPASS invalid username-password pair or user is disabled."));
        }

        private Reply carryOut(Command command) {
            switch (command.name()) {
                case "PING":
                    return new Reply.Simple("PONG");
                case "GET": {
                    String key = command.string(1);
                    int times = run.asked.merge(key, 1, Integer::sum);
                    run.require(times <= SENDINGS, key + " was asked for " + times + " times");
                    return Reply.bulk("value of " + key);
                }
                case "EVALSHA": {
                    if (run.simulation.random().nextBoolean()) {
                        return new Reply.Failed("NOSCRIPT No matching script.");
                    }
                    return append(command.string(3));
                }
                case "EVAL":
                    return append(command.string(3));
                case "APPEND":
                    return append(command.string(1));
                default:
                    return new Reply.Failed("ERR unknown command '" + command.name() + "'");
            }
        }

        private Reply append(String what) {
            int times = run.carriedOut.merge(what, 1, Integer::sum);
            run.require(times == 1, what + " was carried out " + times + " times");
            return Reply.of(times);
        }

        @Override
        public String toString() {
            return connection + " on " + loop;
        }
    }

    /** One client, from its host's start to a crash or the end of the run. */
    private static final class Life implements Subscriptions.Receiver {
        private final Run run;
        private final Loop loop;
        private final String name;
        private final Hello hello;
        private @Nullable RedisClient redis;
        private int open;
        private int last; // the last publication received
        private boolean lost;
        private boolean answeredSince;
        private boolean toldSince;
        private boolean over;

        Life(Run run, Loop loop, String name) {
            this.run = run;
            this.loop = loop;
            this.name = name;
            this.hello = (loop.random().nextBoolean() ? Hello.resp3() : Hello.resp2()).password("secret");
        }

        /** Retries until it succeeds: a client that was never connected gives up. */
        void connect() {
            RedisClient.connect(loop, SERVER, hello).onDone((client, failure) -> {
                if (client == null) {
                    loop.schedule(Duration.ofMillis(200), "once more", this::connect);
                } else if (over) {
                    client.close();
                } else {
                    redis = client;
                    client.subscriptions(this).subscribe(Kind.CHANNEL, "news");
                    later();
                }
            });
        }

        private void later() {
            loop.schedule(Duration.ofMillis(loop.random().nextInt(200)), "calls", () -> {
                if (!over) {
                    work(loop.random());
                    later();
                }
            });
        }

        private void work(RandomGenerator random) {
            String id = name + "-" + ++run.begun;
            Future<?> call = switch (random.nextInt(5)) {
                case 0 ->
                    redis.get("get " + id).map(value -> {
                        run.require(("value of get " + id).equals(value), id + " was given: " + value);
                        return value;
                    });
                case 1 -> redis.call(Command.of("APPEND", "one " + id, "x"));
                case 2 ->
                    redis.transaction(
                                    Command.of("APPEND", "first " + id, "x"), Command.of("APPEND", "second " + id, "x"))
                            .map(replies -> {
                                run.require(
                                        replies.equals(List.of(Reply.of(1), Reply.of(1))),
                                        id + " was given: " + replies);
                                return replies;
                            });
                case 3 -> redis.run(SCRIPT, List.of("script " + id));
                default -> redis.block(Command.of("APPEND", "blocking " + id, "x"), Duration.ofSeconds(5));
            };
            boolean sinceCalm = run.calm;
            open++;
            call.onDone((value, failure) -> ended(id, failure, sinceCalm));
        }

        private void ended(String id, @Nullable Throwable failure, boolean sinceCalm) {
            open--;
            if (failure == null) {
                run.answered++;
                answeredSince |= sinceCalm;
            } else if (failure instanceof CallFailedException failed) {
                if (failed.fate() == Fate.NEVER_SENT) {
                    for (String kind :
                            List.of("get ", "one ", "first ", "second ", "blocking ")) { // a script is two calls
                        run.neverSent.add(kind + id);
                    }
                }
            } else {
                run.require(failure instanceof RespException, id + " failed with " + failure);
            }
        }

        @Override
        public void message(RespSubscriber.Message message) {
            int number = Integer.parseInt(message.text());
            run.require(number > last, name + " was told of " + number + " after " + last);
            run.require(
                    number == last + 1 || last == 0 || lost,
                    name + " misses what came between " + last + " and " + number);
            last = number;
            lost = false;
            toldSince |= run.calm;
        }

        @Override
        public void lost(Throwable why) {
            lost = true;
        }

        @Override
        public void restored() {
            run.restored++;
        }

        void forget() {
            answeredSince = false;
            toldSince = false;
        }

        boolean well() {
            return answeredSince && toldSince;
        }

        void close() {
            over = true;
            if (redis != null) {
                redis.close();
            }
        }
    }
}
