package rill.examples.sim;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import rill.Client;
import rill.ClientProtocol;
import rill.ConnectOptions;
import rill.Loop;
import rill.codec.Text;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Scenario;
import rill.transport.sim.Simulation;

/**
 * A register that five hosts keep by agreement, as in Raft, and clients that set it under the swarm: a term has one leader, all hosts apply the same
 * commands in the same order, acknowledged commands are among them, and in the calm part the register can soon be set again. With a {@link Bug}, all
 * of which real programs have had, one of these properties breaks.
 */
final class Register implements Scenario {
    /** Bugs to plant. */
    enum Bug {
        /** Nothing. */
        NONE,
        /** The leader acknowledges an entry once it has written it itself, before others have. */
        EARLY_ANSWER,
        /** A host's vote does not survive a crash, so it votes twice in a term. */
        FORGOTTEN_VOTE,
        /** A vote repeated after a reconnect counts again. */
        VOTE_COUNTED_TWICE,
        /** A candidate with the longer log wins, even if the end of the voter's log is of a later term. */
        LENGTH_ONLY,
        /** The leader commits an earlier leader's entry once a majority has it, although a third leader may still replace it. */
        OLD_TERM;

        /** Returns the name on the command line. */
        String label() {
            return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
        }
    }

    static final int PORT = 7000;

    private static final int HOSTS = 5;
    private static final int CLIENTS = 2;
    private static final int ROWDY = 8_000; // milliseconds
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofMillis(400);

    private final Bug bug;

    /** Creates the scenario without a bug. */
    Register() {
        this(Bug.NONE);
    }

    Register(Bug bug) {
        this.bug = bug;
    }

    @Override
    public void run(Simulation simulation) {
        var run = new Run(simulation);
        for (int i = 0; i < HOSTS; i++) {
            run.disks.put("r" + i, new RegisterNode.Disk());
        }
        for (String name : run.disks.keySet()) {
            simulation.host(name, host -> new RegisterNode(run, host, bug).start());
        }
        for (int i = 0; i < CLIENTS; i++) {
            Host host = simulation.host("client" + i);
            Loop loop = host.loop("main");
            loop.task("set", () -> run.set(loop, host.name()));
        }
        simulation.sometimes("a leader has followed another", () -> run.leaders.size() > 1);
        simulation.sometimes("an entry was replaced", () -> run.replaced);
        Duration rowdy = Duration.ofMillis(simulation.atMost(ROWDY, "milliseconds of it"));
        try (var _ = simulation.inject(Faults.swarm().calm(rowdy))) {
            simulation.run(rowdy);
        }
        int before = run.acknowledged.size();
        simulation.runUntil(() -> run.acknowledged.size() > before + CLIENTS, SOON);
        run.check();
    }

    /** What is known of one run from outside. */
    static final class Run {
        final Simulation simulation;
        final Map<String, RegisterNode.Disk> disks = new LinkedHashMap<>(); // these survive crashes
        boolean replaced;
        private int tries;
        private final Map<Integer, String> leaders = new HashMap<>(); // by term
        private final List<String> applied = new ArrayList<>();
        private final List<String> acknowledged = new ArrayList<>();

        Run(Simulation simulation) {
            this.simulation = simulation;
        }

        void leads(int term, String host) {
            String other = leaders.putIfAbsent(term, host);
            if (other != null && !other.equals(host)) {
                throw new AssertionError("term " + term + " has two leaders, " + other + " and " + host);
            }
        }

        void applies(int index, String command, String host) {
            if (index > applied.size()) {
                applied.add(command);
            } else if (!applied.get(index - 1).equals(command)) {
                throw new AssertionError(host + " applies " + command + " as command " + index + ", another host "
                        + applied.get(index - 1));
            }
        }

        void check() {
            for (String each : acknowledged) {
                if (!applied.contains(each)) {
                    throw new AssertionError(each + " was acknowledged, and is lost");
                }
            }
        }

        /** One client. */
        Object set(Loop loop, String name) throws IOException {
            List<String> hosts = List.copyOf(disks.keySet());
            while (true) {
                String host = hosts.get(loop.random().nextInt(hosts.size()));
                try {
                    Client<String, String> client = loop.connect(
                                    InetSocketAddress.createUnresolved(host, PORT),
                                    ClientProtocol.inOrder(Text.lines()).deadline(PATIENCE),
                                    ConnectOptions.defaults().timeout(PATIENCE))
                            .await();
                    try {
                        while (set(client, name + "-" + ++tries)) {
                            loop.delay(Duration.ofMillis(1 + loop.random().nextInt(100)))
                                    .await();
                        }
                    } finally {
                        client.close();
                    }
                } catch (IOException failed) {
                    // as calls do in such a network
                }
                loop.delay(Duration.ofMillis(10 + loop.random().nextInt(40))).await();
            }
        }

        /** Each try is a new command, since one that failed may have been executed. */
        private boolean set(Client<String, String> client, String command) throws IOException {
            boolean done = client.call("set " + command).await().equals("done");
            if (done) {
                acknowledged.add(command);
            }
            return done;
        }
    }
}
