package rill.examples.sim;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import rill.CallFailedException;
import rill.CallFailedException.Fate;
import rill.CancelledException;
import rill.Future;
import rill.Loop;
import rill.transport.sim.Faults;
import rill.transport.sim.Host;
import rill.transport.sim.Simulation;

/**
 * What a scenario of clients that call a server knows of one run, from outside: which requests have arrived, what became of each call, and whether
 * the two agree.
 *
 * <pre>
 *  rowdy: clients call under the swarm ──▶ calm: each is soon answered ──▶ stopping: no more calls ──▶ check
 * </pre>
 */
final class CallLedger {
    private static final Duration SOON = Duration.ofSeconds(60);

    private final Simulation simulation;
    private final Findings findings;
    private final Map<String, Integer> arrived = new HashMap<>(); // looked up, never iterated; likewise the other one
    private final Set<String> neverSent = new HashSet<>();
    private final Map<String, Client> clients = new LinkedHashMap<>(); // the present client of each host
    private int begun;
    private int answered;
    private boolean again;
    private boolean calm;
    private boolean stopping;

    CallLedger(Simulation simulation) {
        this.simulation = simulation;
        this.findings = new Findings(simulation);
        simulation.sometimes("a call is answered", () -> answered > 0);
        simulation.sometimes("a request arrives again", () -> again);
        simulation.sometimes("a call is never sent", () -> !neverSent.isEmpty());
    }

    Findings findings() {
        return findings;
    }

    boolean buggify(double probability, String what) {
        return simulation.buggify(probability, what);
    }

    /** Starts hosts that call, and that come back with a new client after each crash. */
    void clients(int most, Function<Host, ? extends Client> made) {
        int number = simulation.atMost(most, "clients");
        for (int i = 0; i < number; i++) {
            simulation.host("client" + i, host -> {
                Client client = made.apply(host);
                clients.put(host.name(), client);
                client.callsLater();
            });
        }
    }

    /**
     * Runs everything except for the end of the clients and {@link #check}.
     *
     * @param change what happens halfway through the rowdy part
     */
    void run(int mostMillis, Runnable change) {
        Duration rowdy = Duration.ofMillis(simulation.atMost(mostMillis, "milliseconds of it"));
        try (var _ = simulation.inject(Faults.swarm().calm(rowdy))) {
            simulation.run(rowdy.dividedBy(2));
            change.run();
            simulation.run(rowdy.minus(rowdy.dividedBy(2)));
        }
        calm = true;
        clients.values().forEach(each -> each.answeredSince = false);
        simulation.runUntil(() -> clients.values().stream().allMatch(each -> each.answeredSince), SOON);
        stopping = true;
    }

    void closeClients() {
        clients.values().forEach(Client::close);
    }

    /** A request has arrived at a server; returns how often it has by now. */
    int arrives(String request) {
        int times = arrived.merge(request, 1, Integer::sum);
        again |= times > 1;
        return times;
    }

    void check() {
        neverSent.forEach(request ->
                findings.require(!arrived.containsKey(request), request + " was never sent, and has arrived"));
        for (Client each : clients.values()) {
            findings.require(each.open == 0, each.open + " calls of " + each.name + " have not ended");
            findings.require(each.isGone(), "the client of " + each.name + " is not gone");
            findings.require(each.loop.connections() == 0, each.name + " still has connections");
        }
        findings.throwIfAny();
    }

    /** One client, from its host's start to a crash or the end of the run. */
    abstract static class Client {
        private final CallLedger ledger;
        final Loop loop;
        private final String name;
        private final int pauseMillis;
        private final int burst;
        private int open;
        private boolean answeredSince;

        /**
         * @param pauseMillis the longest pause between calls
         * @param burst how many calls it makes at once, now and then
         */
        Client(CallLedger ledger, Host host, int pauseMillis, int burst) {
            this.ledger = ledger;
            this.loop = ledger.findings.loop(host);
            this.name = host.name();
            this.pauseMillis = pauseMillis;
            this.burst = burst;
        }

        abstract void call();

        abstract void close();

        abstract boolean isGone();

        private void callsLater() {
            loop.schedule(Duration.ofMillis(loop.random().nextInt(pauseMillis)), "calls", () -> {
                if (!ledger.stopping) {
                    int most = loop.random().nextInt(8) == 0 ? burst : 3;
                    for (int n = loop.random().nextInt(most); n >= 0; n--) {
                        call();
                    }
                    callsLater();
                }
            });
        }

        /** Begins a call, and returns its name. */
        String begins() {
            open++;
            return name + "-" + ++ledger.begun;
        }

        Findings findings() {
            return ledger.findings;
        }

        boolean isCalm() {
            return ledger.calm;
        }

        /** Gives up the Future after this long, now and then. */
        void perhapsGivesUp(Future<?> future, int millis) {
            if (loop.random().nextInt(20) == 0) {
                loop.schedule(Duration.ofMillis(loop.random().nextInt(millis)), "give up", future::cancel);
            }
        }

        /** A call has ended in another way than by {@link #answered} or {@link #failed}. */
        void ended() {
            open--;
        }

        /**
         * @param sinceCalm whether it was made in the calm part
         * @param right whether this is its own answer
         */
        void answered(String request, boolean sinceCalm, boolean right, String answer) {
            open--;
            ledger.answered++;
            answeredSince |= sinceCalm;
            ledger.findings.require(right, request + " was given " + answer);
        }

        void failed(String request, @Nullable Throwable failure) {
            open--;
            if (failure instanceof CallFailedException failed) {
                if (failed.fate() == Fate.NEVER_SENT) {
                    ledger.neverSent.add(request);
                }
            } else {
                ledger.findings.require(failure instanceof CancelledException, request + " failed with " + failure);
            }
        }
    }
}
