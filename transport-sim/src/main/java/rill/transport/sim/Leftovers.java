package rill.transport.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import rill.spi.WaitingTask;

/**
 * Finds what is left at the end of a run and should not be: Tasks that wait in vain, Tasks that don't end when cancelled, and buffers and sockets
 * that are still in use once the loops are closed.
 *
 * <p>A server waits forever, and a client may be in the middle of something. So a Task hangs if it has to end, does not wait for a time or for what
 * others may do, and still waits for the same once the network has been without faults for a while; or if it waits for itself.
 */
final class Leftovers {
    /** A network without faults leaves nobody waiting for this long: longer than TCP takes to give up. */
    static final long LONG = Duration.ofMinutes(20).toNanos();

    static final int LEAST_STEPS = 200_000;
    static final int MOST_STEPS = 2_000_000; // a few seconds at most

    private final Network network;
    private final Verdict verdict;

    /** A Task that seems to wait in vain. */
    private record Suspect(Host host, Driven loop, WaitingTask waiting) {
        /** Returns whether it still waits for the same. */
        boolean stillWaits() {
            return loop.lostBy() == null
                    && !loop.loop.isClosed()
                    && loop.loop.waitingTasks().stream().anyMatch(this::isTheSame);
        }

        private boolean isTheSame(WaitingTask now) {
            if (now.task() != waiting.task()
                    || now.sources().size() != waiting.sources().size()) {
                return false;
            }
            for (int i = 0; i < now.sources().size(); i++) {
                if (now.sources().get(i) != waiting.sources().get(i)) {
                    return false;
                }
            }
            return true;
        }
    }

    Leftovers(Network network, Verdict verdict) {
        this.network = network;
        this.verdict = verdict;
    }

    // ---- Tasks that hang

    /**
     * Looks for Tasks that hang, once the scenario is over. {@code goOn} ends all faults, and keeps stepping until the condition holds, or until enough
     * time has passed, for a bounded number of steps.
     */
    void tasks(Going goOn) {
        List<Suspect> suspects = suspects();
        for (Suspect each : suspects) {
            if (each.waiting.circle()) { // no time has to pass to know that
                left(each.host, each.waiting.name(), hangs(each, "which waits for this Task in turn"));
            }
        }
        suspects.removeIf(each -> each.waiting.circle());
        if (suspects.isEmpty()) {
            return;
        }
        long began = network.agenda.now();
        boolean nothingLeft = goOn.until(() -> suspects.stream().noneMatch(Suspect::stillWaits));
        long passed = network.agenda.now() - began;
        if (!nothingLeft && passed < LONG && suspects.stream().anyMatch(Suspect::stillWaits)) {
            network.tally.givenUp(); // too much happens here to know
            return;
        }
        for (Suspect each : suspects) {
            if (each.stillWaits()) {
                String why = nothingLeft
                        ? "and nothing is left that could settle that"
                        : "and goes on waiting, " + Simulation.inSeconds(passed)
                                + " after the scenario was over and all faults had ended";
                left(each.host, each.waiting.name(), hangs(each, why));
            }
        }
    }

    /** Lets time pass without faults. */
    interface Going {
        /** Returns whether nothing is left that could happen. */
        boolean until(java.util.function.BooleanSupplier condition);
    }

    private List<Suspect> suspects() {
        var suspects = new ArrayList<Suspect>();
        for (Host host : network.hosts()) {
            for (Driven loop : host.loops()) {
                for (WaitingTask each : loop.loop.waitingTasks()) {
                    var suspect = new Suspect(host, loop, each);
                    boolean inVain = each.circle() || (each.toEnd() && !each.rightly());
                    if (inVain && !verdict.surelyExpects(new LeftBehindException(each.name(), hangs(suspect, "")))) {
                        suspects.add(suspect);
                    }
                }
            }
        }
        return suspects;
    }

    private static String hangs(Suspect suspect, String why) {
        return suspect.loop.loop.name() + ": " + suspect.waiting.situation() + " hangs: it waits for what never comes, "
                + why
                + "; see to it that it ends, or say that it may wait: simulation.expect(failure -> failure instanceof"
                + " LeftBehindException left && left.name().equals(\"" + suspect.waiting.name() + "\"))";
    }

    // ---- what remains once loops are closed

    /** Handles a loop that was closed in good order, which cancels its Tasks: those that had time to end and have not are left behind. */
    void closed(Driven driven) {
        if (driven.heldUp()) {
            return;
        }
        for (WaitingTask each : driven.loop.waitingTasks()) {
            left(
                    driven.host,
                    each.name(),
                    driven.loop.name() + ": " + each.situation()
                            + " is left behind: the loop was closed, and the Task cancelled, and "
                            + Duration.ofNanos(Simulation.CLOSE_DEADLINE.toNanos())
                                    .toSeconds()
                            + " s after the close had begun it has not ended; look what it does once it is cancelled");
        }
    }

    /** Looks at the hosts, once all loops are closed. */
    void ofHosts() {
        for (Host host : network.hosts()) {
            if (host.up() && !host.hasSelectors()) {
                buffers(host);
                sockets(host);
            }
        }
    }

    private void buffers(Host host) {
        HostMemory memory = host.memory();
        if (memory.pieces() > 0) {
            left(
                    host,
                    "buffers",
                    memory.pieces() + " buffers with " + memory.bytes()
                            + " bytes in all are still held, although its loops are closed: somebody has not released a"
                            + " message that was received, or a buffer that was retained; "
                            + "-Dio.netty.leakDetection.level=paranoid and Leaks of rill-testkit tell where");
        }
    }

    private void sockets(Host host) {
        List<Object> open =
                new ArrayList<>(host.tcps.stream().filter(Tcp::inUse).toList());
        open.addAll(host.unix.ends.stream().filter(UnixEnd::inUse).toList());
        if (!open.isEmpty()) {
            left(
                    host,
                    "sockets",
                    open.size() + " sockets are still open, although its loops are closed: " + open.getFirst());
        }
    }

    private void left(Host host, String name, String what) {
        verdict.leftBehind(host, new LeftBehindException(name, what));
    }
}
