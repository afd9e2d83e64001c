package rill.testkit.storm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import rill.testkit.storm.Step.Action;
import rill.testkit.storm.Step.Derivation;
import rill.testkit.storm.Step.Estimate;
import rill.testkit.storm.Step.Form;
import rill.testkit.storm.Step.Listening;
import rill.testkit.storm.Step.Losing;
import rill.testkit.storm.Step.Marks;
import rill.testkit.storm.Step.OnFailure;
import rill.testkit.storm.Step.Place;
import rill.testkit.storm.Step.Service;
import rill.testkit.storm.Step.Thrown;
import rill.testkit.storm.Step.Via;
import rill.testkit.storm.Step.Wrap;

/** Draws programs; the same seed gives the same program. */
final class Generator {
    private static final String[] LAYERS = {
        "plain",
        "xor",
        "pieces",
        "records",
        "records-s",
        "records-h",
        "records-hw",
        "records-p",
        "records-w",
        "records-t",
        "records-b",
        "records-hpb",
        "records-hpwtbs",
        "records-ps"
    };
    private static final String[] TOPS = {
        "letter",
        "codec",
        "session",
        "frames",
        "letter +same",
        "letter +copy",
        "letter *copy",
        "letter +copy +same *copy",
        "frames +letter",
        "frames *letter",
        "frames +letter +copy *same",
        "frames *letter *copy",
        "codec +copy",
        "session-holds",
        "session-works",
        "session-waits",
        "session *copy"
    };
    private static final String[] SERVING_TOPS = {
        "letter",
        "codec",
        "session",
        "letter +copy",
        "frames +letter",
        "frames *letter",
        "session-holds",
        "session-works",
        "letter +same *copy"
    };
    private static final Via[] SAFE_ANYWHERE = {
        Via.LOOP, Via.LOOP, Via.OUTSIDE, Via.TASK, Via.CALLBACK, Via.THREAD, Via.VIRTUAL, Via.OTHER_LOOP, Via.OUTSIDE
    };
    private static final Via[] CONFINED = {Via.LOOP, Via.LOOP, Via.TASK, Via.CALLBACK};

    private final Random random;
    private final List<Step> steps = new ArrayList<>();
    private final List<String> framings = new ArrayList<>(List.of("length", "line"));
    private final String[] layers;
    private final List<String> wires = new ArrayList<>(); // of the connections
    private final List<Integer> plainListeners = new ArrayList<>(); // listeners that do not serve
    private int listeners;
    private int connections;
    private int clients;
    private boolean traps;
    private boolean closesLoop;

    private Generator(long seed, Foreign foreign) {
        framings.addAll(foreign.framings());
        layers = Stream.concat(
                        Arrays.stream(LAYERS), foreign.layers().stream().flatMap(name -> Stream.of(name, name, name)))
                .toArray(String[]::new);
        random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
    }

    /** The framings and layers that a world adds to the storm's own, by name. Each of its layers is drawn more often than one of the storm's. */
    record Foreign(List<String> framings, List<String> layers) {
        static final Foreign NOTHING = new Foreign(List.of(), List.of());

        static Foreign of(World world) {
            return new Foreign(
                    world.framings().keySet().stream().sorted().toList(),
                    world.layers().keySet().stream().sorted().toList());
        }
    }

    static Program draw(long seed, Foreign foreign) {
        return new Generator(seed, foreign).program(seed);
    }

    private Program program(long seed) {
        int size = 20 + random.nextInt(random.nextInt(4) == 0 ? 250 : 80);
        traps = random.nextInt(3) == 0;
        closesLoop = random.nextInt(6) == 0;
        boolean clientsOnly = random.nextInt(4) == 0;
        boolean connectionsOnly = !clientsOnly && random.nextBoolean();
        int pairs = 1 + random.nextInt(3);
        for (int i = 0; i < pairs; i++) {
            boolean client = clientsOnly || (!connectionsOnly && random.nextBoolean());
            if (client) {
                server();
            } else {
                listenAndConnect();
            }
        }
        steps.add(new Step.Pass(50));
        while (steps.size() < size) {
            steps.add(next());
        }
        return new Program(seed, steps);
    }

    private void listenAndConnect() {
        if (listeners >= Run.LISTENERS || connections >= Run.CONNECTIONS) {
            return;
        }
        String framing = framing();
        var wire = new StringBuilder();
        for (int i = random.nextInt(4) - 1; i > 0; i--) {
            wire.append(one(layers)).append(' ');
        }
        boolean raw = wire.isEmpty() && own(framing) && random.nextInt(4) == 0;
        wire.append(framing);
        int listener = listeners++;
        steps.add(new Step.Listen(
                listener, listeningLoop(), wire.toString(), top(TOPS, framing), form(), marks(), onFailure()));
        plainListeners.add(listener);
        int many = 1 + random.nextInt(2);
        for (int i = 0; i < many && connections < Run.CONNECTIONS; i++) {
            wires.add(wire.toString());
            steps.add(new Step.Connect(
                    connections++,
                    random.nextInt(Run.LOOPS),
                    listener,
                    random.nextInt(6) == 0,
                    raw ? "bytes" : top(TOPS, framing),
                    form(),
                    marks(),
                    onFailure()));
        }
    }

    private void server() {
        if (listeners >= Run.LISTENERS || clients >= Run.CLIENTS) {
            return;
        }
        int listener = listeners++;
        String framing = framing();
        String wire = (random.nextInt(3) == 0 ? one(layers) + " " : "") + framing;
        steps.add(new Step.Listen(
                listener,
                listeningLoop(),
                wire,
                top(SERVING_TOPS, framing),
                random.nextBoolean() ? Form.SERVE : Form.KEYED,
                random.nextInt(3) == 0 ? Marks.SMALL : Marks.USUAL,
                OnFailure.NONE));
        int client = clients++;
        int inFlight = random.nextInt(3) == 0 ? 2 : 64;
        int waiting = random.nextInt(3) == 0 ? 2 : 64;
        boolean waits = random.nextInt(3) > 0;
        int deadline = one(new int[] {100, 1000, 20_000});
        if (random.nextInt(3) > 0) {
            steps.add(new Step.Dial(client, random.nextInt(Run.LOOPS), listener, inFlight, waiting, waits, deadline));
            return;
        }
        int least = random.nextInt(3);
        steps.add(new Step.OpenPool(
                client,
                listeningLoop(),
                listener,
                least,
                Math.max(1, least + random.nextInt(2)),
                inFlight,
                waiting,
                waits,
                deadline,
                random.nextInt(4) == 0 ? 5_000 + random.nextInt(60_000) : 0,
                random.nextBoolean()));
    }

    private int listeningLoop() {
        return random.nextInt(5) == 0 ? Run.GROUP : random.nextInt(Run.LOOPS);
    }

    private String framing() {
        return framings.get(random.nextInt(framings.size()));
    }

    private static boolean own(String framing) {
        return framing.equals("length") || framing.equals("line");
    }

    /** Draws a top; over a foreign framing, only one that does not depend on the framing. */
    private String top(String[] tops, String framing) {
        String top = one(tops);
        while (!own(framing) && !top.startsWith("letter") && !top.startsWith("frames")) {
            top = one(tops);
        }
        return top;
    }

    private Form form() {
        return one(new Form[] {Form.PUSH, Form.PUSH, Form.PULL, Form.PULL, Form.ECHO});
    }

    private Marks marks() {
        return one(Marks.values());
    }

    private OnFailure onFailure() {
        return random.nextInt(6) == 0
                ? OnFailure.THROW
                : one(new OnFailure[] {OnFailure.NONE, OnFailure.LISTEN, OnFailure.CARRY_ON});
    }

    private Step next() {
        int dice = random.nextInt(100);
        if (dice < 12) {
            return new Step.Turns(1 + random.nextInt(6));
        }
        if (dice < 20) {
            return new Step.Pass(random.nextInt(4) == 0 ? 1000 + random.nextInt(3000) : 1 + random.nextInt(30));
        }
        if (dice < 22) {
            return new Step.Busy(random.nextInt(Run.LOOPS), 1 + random.nextInt(200));
        }
        if (clients > 0 && (connections == 0 || dice < 55)) {
            return random.nextInt(4) == 0 ? withFutures() : ofClient();
        }
        if (connections > 0) {
            return random.nextInt(6) == 0 ? withFutures() : ofConnection();
        }
        return new Step.Turns(1);
    }

    private Step ofConnection() {
        int dice = random.nextInt(100);
        if (dice < 38) {
            return write(one(SAFE_ANYWHERE));
        }
        if (dice < 58) {
            return receive();
        }
        if (dice < 63) {
            return new Step.Flush(end(), one(SAFE_ANYWHERE), register());
        }
        if (dice < 78) {
            return holdUp();
        }
        if (dice < 83) {
            return ending();
        }
        if (dice < 86) {
            return new Step.Closed(end(), register());
        }
        if (dice < 88) {
            return new Step.Echo(end(), size(), register());
        }
        if (dice < 90) {
            return new Step.CancelledReceive(end());
        }
        if (dice < 92) {
            return new Step.Disturb(random.nextInt(connections), random.nextInt(6) == 0, 1 + random.nextInt(5000));
        }
        if (dice < 93) {
            return new Step.Rubbish(2 * random.nextInt(connections), 1 + random.nextInt(100), Via.LOOP);
        }
        if (dice < 94) {
            return new Step.ToListener(one(Listening.values()), random.nextInt(listeners));
        }
        if (dice < 95 && closesLoop) {
            return new Step.CloseLoop(one(new int[] {0, 100, 5000}), random.nextInt(3) == 0);
        }
        if (dice < 96) {
            return become();
        }
        if (dice < 97) {
            return connections < Run.CONNECTIONS && random.nextBoolean() ? anotherConnection() : lose();
        }
        return traps ? trap() : write(Via.LOOP);
    }

    private Step become() {
        int connection = random.nextInt(connections);
        String wire = wires.get(connection);
        String below = wire.substring(0, wire.lastIndexOf(' ') + 1);
        String framing = framing();
        if (random.nextInt(3) == 0 || below.isEmpty()) {
            // On top of the layers that stay, or where there was none. Only the storm's own: a foreign layer may need
            // both directions, one of which may end before the layer begins.
            below += one(LAYERS) + " ";
        }
        return new Step.Become(
                2 * connection + random.nextInt(2),
                below + framing,
                top(TOPS, framing),
                top(TOPS, framing),
                random.nextBoolean());
    }

    private Step anotherConnection() {
        int listener = plainListeners.get(random.nextInt(plainListeners.size()));
        String wire = wireOf(listener);
        wires.add(wire);
        return new Step.Connect(
                connections++,
                random.nextInt(Run.LOOPS),
                listener,
                random.nextInt(6) == 0,
                top(TOPS, wire.substring(wire.lastIndexOf(' ') + 1)),
                form(),
                marks(),
                onFailure());
    }

    private String wireOf(int listener) {
        for (Step each : steps) {
            if (each instanceof Step.Listen listen && listen.listener() == listener) {
                return listen.wire();
            }
        }
        throw new IllegalStateException("no listener " + listener);
    }

    private Step lose() {
        return new Step.Lose(
                random.nextInt(Run.LOOPS),
                plainListeners.get(random.nextInt(plainListeners.size())),
                "letter",
                one(Losing.values()),
                random.nextInt(10),
                one(SAFE_ANYWHERE));
    }

    private Step trap() {
        Place place = one(Place.values());
        if (place == Place.ESTIMATE) {
            place = Place.MESSAGE;
        }
        Step then = switch (random.nextInt(6)) {
            case 0 -> write(Via.LOOP);
            case 1 -> ending();
            case 2 -> holdUp();
            case 3 -> receive();
            default -> new Step.Throw(one(Thrown.values()));
        };
        return new Step.Trap(place, actor(), random.nextInt(4), then);
    }

    private int actor() {
        boolean ofClients = clients > 0 && (connections == 0 || random.nextBoolean());
        if (!ofClients) {
            return end();
        }
        return random.nextBoolean()
                ? Actor.CLIENTS + random.nextInt(clients)
                : Actor.SERVERS + random.nextInt(listeners);
    }

    private Step write(Via via) {
        return new Step.Write(
                end(),
                size(),
                random.nextInt(4) == 0 ? 1 + random.nextInt(12) : 1,
                random.nextInt(3) == 0 ? one(Estimate.values()) : Estimate.RIGHT,
                via,
                register());
    }

    private Step receive() {
        return new Step.Receive(end(), one(Wrap.values()), random.nextInt(20), one(CONFINED), register());
    }

    private Step holdUp() {
        Action action = one(new Action[] {Action.PAUSE, Action.RESUME, Action.RESUME, Action.STOP});
        return new Step.Do(action, end(), one(CONFINED));
    }

    private Step ending() {
        Action action = one(new Action[] {Action.SHUTDOWN_OUTPUT, Action.CLOSE, Action.ABORT});
        return new Step.Do(action, end(), one(SAFE_ANYWHERE));
    }

    private Step ofClient() {
        int dice = random.nextInt(100);
        if (dice < 93) {
            return new Step.Call(
                    random.nextInt(clients),
                    size(),
                    size(),
                    random.nextInt(40) == 0
                            ? one(Service.values())
                            : one(new Service[] {
                                Service.NOW, Service.NOW, Service.LATER, Service.ELSEWHERE, Service.SHARED
                            }),
                    1 + random.nextInt(50),
                    random.nextInt(4) == 0 ? 1 + random.nextInt(200) : 0,
                    one(Wrap.values()),
                    random.nextInt(40),
                    one(SAFE_ANYWHERE),
                    register());
        }
        if (dice < 94 && traps) {
            return trap();
        }
        if (dice < 95) {
            return new Step.CloseClient(random.nextInt(clients), random.nextBoolean(), one(SAFE_ANYWHERE));
        }
        return new Step.Cancel(register(), one(SAFE_ANYWHERE));
    }

    private Step withFutures() {
        int dice = random.nextInt(100);
        if (dice < 40) {
            return new Step.Cancel(register(), one(SAFE_ANYWHERE));
        }
        if (dice < 50) {
            return new Step.Await(register());
        }
        if (dice < 52) {
            return new Step.Unawaited(random.nextInt(Run.LOOPS));
        }
        if (dice < 54) {
            return new Step.Never(random.nextInt(Run.LOOPS), register());
        }
        return new Step.Derive(one(Derivation.values()), register(), register(), random.nextInt(30), register());
    }

    private int end() {
        return random.nextInt(2 * Math.max(1, connections));
    }

    private int register() {
        return random.nextInt(Run.FUTURES);
    }

    private int size() {
        return switch (random.nextInt(20)) {
            case 0 -> 0;
            case 1 -> 70_000 + random.nextInt(20_000);
            case 2, 3 -> 3000 + random.nextInt(20_000);
            case 4, 5, 6 -> 500 + random.nextInt(1500);
            default -> random.nextInt(200);
        };
    }

    private <T> T one(T[] of) {
        return of[random.nextInt(of.length)];
    }

    private int one(int[] of) {
        return of[random.nextInt(of.length)];
    }
}
