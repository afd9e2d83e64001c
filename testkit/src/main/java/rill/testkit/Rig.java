package rill.testkit;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import rill.spi.AcceptedSocket;
import rill.spi.Clock;
import rill.spi.Transport;

/**
 * What one test stands on: Selectors of the transport under test, all driven by the test's own thread and timed by the transport's clock, so that a
 * transport in virtual time can be tested as well.
 */
final class Rig {
    /** How long nothing may happen before the suite assumes that nothing will. */
    static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final long STILL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int FEW_SELECTS = 10;
    private static final int TRIES_TO_REST = 20;

    private final Transport transport;
    private final Clock clock;
    private final long patienceNanos;
    private final List<Side> sides = new ArrayList<>();
    private final List<End> ends = new ArrayList<>();
    private final List<Runnable> afterwards = new ArrayList<>();
    private final List<Throwable> violations = new ArrayList<>();
    private final Addresses addresses;
    private final boolean exchanged;
    private long told; // events, at all ends
    final Watch watch;

    Rig(Transport transport, Addresses addresses, Duration patience, Watch watch, boolean exchanged) {
        this.transport = transport;
        this.addresses = addresses;
        this.watch = watch;
        this.exchanged = exchanged;
        clock = transport.environment().clock();
        patienceNanos = patience.toNanos();
    }

    Side side() {
        if (sides.isEmpty()) {
            return openSide();
        }
        return sides.getFirst();
    }

    /** Opens one more Selector, on the same thread. */
    Side openSide() {
        try {
            var side = new Side(this, transport);
            sides.add(side);
            return side;
        } catch (IOException e) {
            throw new AssertionError("the transport opens no selector", e);
        }
    }

    /** Returns the address to listen at next. */
    SocketAddress address() throws IOException {
        return addresses.next();
    }

    /** Supplies free addresses. */
    interface Addresses {
        SocketAddress next() throws IOException;
    }

    long now() {
        return clock.nanoTime();
    }

    void add(End end) {
        ends.add(end);
    }

    /** Notes that an event is delivered to an end: the transport does not stand still. */
    void told() {
        told++;
    }

    boolean allClosed() {
        return ends.stream().allMatch(End::isClosed);
    }

    void closeAfterwards(Runnable close) {
        afterwards.add(close);
    }

    // ---- connections

    Incoming listen() throws IOException {
        return listen(side());
    }

    Incoming listen(Side on) throws IOException {
        var incoming = new Incoming(this, on);
        on.listen(address(), incoming);
        return incoming;
    }

    /** Two ends of one connection, both connected. */
    record Pair(End client, End server) {}

    /** Connects two ends on one Selector. */
    Pair connect() throws IOException {
        return connect(side(), side());
    }

    /** Connects a client on the first Selector to a server on the second; see {@link InBothRoles}. */
    @SuppressWarnings("ArgumentSelectionDefectChecker") // exchanging them is the purpose
    Pair connect(Side clientSide, Side serverSide) throws IOException {
        Side connecting = exchanged ? serverSide : clientSide;
        Side accepting = exchanged ? clientSide : serverSide;
        Incoming incoming = listen(accepting);
        Pair pair = connect(incoming, connecting, accepting);
        incoming.close();
        return exchanged ? new Pair(pair.server, pair.client) : pair;
    }

    Pair connect(Incoming incoming, Side clientSide, Side serverSide) {
        int before = incoming.count();
        End client = clientSide.connect(incoming.acceptor().localAddress());
        until("a connection is accepted", () -> incoming.count() > before);
        AcceptedSocket socket = incoming.take();
        End server = serverSide.open(socket);
        until("both ends are connected", () -> client.isConnected() && server.isConnected());
        return new Pair(client, server);
    }

    // ---- driving

    /** Drives the Selectors until the condition holds. */
    void until(String what, BooleanSupplier condition) {
        long deadline = now() + patienceNanos;
        long start = System.nanoTime(); // of a period without events
        long toldAtStart = told;
        while (!condition.getAsBoolean()) {
            if (told != toldAtStart) {
                toldAtStart = told;
                start = System.nanoTime();
            }
            boolean standsStill = System.nanoTime() - start > STILL_NANOS;
            if (now() - deadline > 0 || standsStill) {
                throw new AssertionError("it did not happen that " + what
                        + (standsStill
                                ? "; for a minute nothing was told, and the transport's clock has hardly moved"
                                : "")
                        + "; the ends were told: " + ends);
            }
            step();
        }
    }

    /** Drives the Selectors long enough for anything undue to arrive. */
    void quiet() {
        long deadline = now() + QUIET_NANOS;
        while (now() - deadline < 0) {
            step();
        }
    }

    /** Writes until {@code failed}, with a rest after each write: virtual time does not pass while there is always more to do. */
    void writeUntil(End end, BooleanSupplier failed) {
        long deadline = now() + patienceNanos;
        while (!failed.getAsBoolean()) {
            if (now() - deadline > 0) {
                throw new AssertionError("writing does not fail: " + end);
            }
            if (!end.isClosed()) {
                end.write("into the void").flush();
            }
            quiet();
        }
    }

    private void step() {
        List<Side> open = sides.stream().filter(each -> !each.isClosed()).toList();
        for (Side side : open) {
            if (!side.isClosed()) {
                side.select(STEP_NANOS / open.size());
            }
        }
    }

    /**
     * Counts how often select returns within 50 ms in which there is nothing to report; a few times is not a spin. A busy kernel may take what a blocked
     * writer has a little at a time for a while, so it may take a second until there is such a time; a spin has none.
     */
    void expectRest(String after) {
        quiet();
        int selects = selectsWithin50Millis();
        for (int i = 0; i < TRIES_TO_REST && selects > FEW_SELECTS; i++) {
            selects = selectsWithin50Millis();
        }
        require(selects <= FEW_SELECTS, "select returned " + selects + " times within 50 ms of rest " + after);
        verify();
    }

    private int selectsWithin50Millis() {
        long deadline = now() + TimeUnit.MILLISECONDS.toNanos(50);
        int selects = 0;
        for (long left = deadline - now(); left > 0; left = deadline - now()) {
            side().select(left);
            selects++;
        }
        return selects;
    }

    // ---- findings

    void require(boolean condition, String otherwise) {
        if (!condition) {
            failed(new AssertionError(otherwise));
        }
    }

    /** Checks what holds whatever a test is about. */
    void require(boolean condition, Rule rule, String otherwise) {
        if (!condition) {
            failed(new Rule.Broken(rule, otherwise));
        }
    }

    void failed(Throwable violation) {
        violations.add(violation);
    }

    void verify() {
        if (!violations.isEmpty()) {
            Throwable first = violations.getFirst();
            violations.clear();
            throw first instanceof AssertionError
                    ? new AssertionError(first.getMessage(), first)
                    : new AssertionError("a listener of the suite failed: " + first, first);
        }
    }

    void close() {
        afterwards.forEach(Runnable::run);
        sides.forEach(Side::close);
        require(
                ends.stream().allMatch(End::allReleased),
                Rule.ALL_RELEASED,
                "a buffer was still held, or released too often, when the Selector had been closed");
        verify();
    }
}
