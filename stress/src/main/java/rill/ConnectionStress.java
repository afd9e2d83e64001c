package rill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.function.Function;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;
import rill.spi.Transport;
import rill.testing.MemoryTransport;
import rill.testing.TextLines;

/** Writes and calls of other threads, concurrent with what the loop does; and loops that several threads want to drive. */
final class ConnectionStress {
    private static final Nowhere NOWHERE = new Nowhere();
    private static final Loop LOOP = open(NOWHERE);

    private ConnectionStress() {}

    private static Loop open(Transport transport) {
        try {
            return Loop.open(LoopOptions.defaults()
                    .transport(transport)
                    .slowHandle(Duration.ZERO)
                    .reporter(new Alarm()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs this on the loop, one thread at a time. */
    private static void onLoop(Runnable action) {
        synchronized (LOOP) {
            new OnLoop(LOOP, null).enter();
            try {
                action.run();
            } finally {
                OnLoop.exit();
            }
        }
    }

    private static void settle() {
        synchronized (LOOP) {
            while (LOOP.tick() || NOWHERE.hasEvents()) {}
        }
    }

    /** Lets the time of a connection that closes pass, whose other side does not. */
    private static void waitForClose() {
        settle();
        synchronized (LOOP) {
            NOWHERE.clock.advance(ConnectionLimits.defaults().closeProgress().multipliedBy(2));
        }
        settle();
    }

    /** A connection to nowhere. */
    static class Wired {
        final Nowhere.OneWay wire;
        final Link link;

        Wired(Function<Link, ?> opener) {
            var self = new Link[1];
            link = new Link(LOOP, ConnectionLimits.defaults(), failure -> opener.apply(self[0]));
            self[0] = link;
            synchronized (LOOP) {
                wire = NOWHERE.connect(link);
                link.wire(wire);
                LOOP.links().expect();
            }
            settle();
        }

        /** Returns how many bytes have left in the end. */
        int finish() {
            settle();
            int sent = wire.sent;
            onLoop(link::abort);
            settle();
            return sent;
        }
    }

    static class Lines extends Wired {
        Connection<String, String> connection;

        Lines() {
            this(new Connection<?, ?>[1]);
        }

        @SuppressWarnings("unchecked")
        private Lines(Connection<?, ?>[] opened) {
            super(link -> opened[0] = link.open(TextLines.pipeline()));
            connection = (Connection<String, String>) opened[0];
        }

        int write() {
            return connection.write("x").failure() == null ? 1 : 0;
        }
    }

    /** A write, concurrent with the end of this side's stream. */
    @JCStressTest
    @Outcome(id = "1, 2, 1", expect = Expect.ACCEPTABLE, desc = "admitted, and it left before the end")
    @Outcome(id = "0, 0, 1", expect = Expect.ACCEPTABLE, desc = "refused, and the stream has ended")
    @Outcome(expect = Expect.FORBIDDEN, desc = "an admitted write was dropped, or the stream does not end")
    @State
    public static class WriteAgainstShutdown extends Lines {
        @Actor
        public void writer(III_Result result) {
            result.r1 = write();
        }

        @Actor
        public void loop() {
            onLoop(connection::shutdownOutput);
        }

        @Arbiter
        public void after(III_Result result) {
            settle();
            result.r3 = wire.shut ? 1 : 0;
            result.r2 = finish();
        }
    }

    /** Two writes, concurrent with close. */
    @JCStressTest
    @Outcome(
            id = {"0, 0, 1", "1, 2, 1", "2, 4, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "what was admitted has left before the end")
    @Outcome(expect = Expect.FORBIDDEN, desc = "an admitted write was dropped, or the connection does not close")
    @State
    public static class WritesAgainstClose extends Lines {
        private int admitted;

        @Actor
        public void writer() {
            admitted = write() + write();
        }

        @Actor
        public void loop() {
            onLoop(connection::close);
        }

        @Arbiter
        public void after(III_Result result) {
            settle();
            result.r1 = admitted;
            result.r3 = wire.shut || wire.closed ? 1 : 0;
            result.r2 = finish();
        }
    }

    /** The loop's own write, concurrent with that of another thread. */
    @JCStressTest
    @Outcome(id = "1, 4", expect = Expect.ACCEPTABLE, desc = "both have left")
    @Outcome(expect = Expect.FORBIDDEN, desc = "one was refused or lost")
    @State
    public static class WriteAgainstWrite extends Lines {
        @Actor
        public void writer(II_Result result) {
            result.r1 = write();
        }

        @Actor
        public void loop() {
            onLoop(() -> connection.write("y"));
            settle();
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = finish();
        }
    }

    /** A call, concurrent with the close of its client: it fails, whichever comes first, without the connection being cut off. */
    @JCStressTest
    @Outcome(id = "1, 0, 1", expect = Expect.ACCEPTABLE, desc = "the call has failed, and nothing is counted any more")
    @Outcome(
            expect = Expect.FORBIDDEN,
            desc = "the call never settles, or is counted for ever, or the connection stays")
    @State
    public static class CallAgainstClose extends Wired {
        private final Client<String, String> client;
        private Future<String> call;

        public CallAgainstClose() {
            this(new Object[1]);
        }

        @SuppressWarnings("unchecked")
        private CallAgainstClose(Object[] opened) {
            super(link ->
                    opened[0] = ClientProtocol.inOrder(TextLines.pipeline()).open(link));
            client = (Client<String, String>) opened[0];
        }

        @Actor
        public void caller() {
            call = client.call("q");
        }

        @Actor
        public void loop() {
            onLoop(client::close);
            settle();
        }

        @Arbiter
        public void after(III_Result result) {
            waitForClose();
            result.r1 = call.failure() != null ? 1 : 0;
            onLoop(() -> result.r2 = client.unanswered());
            result.r3 = wire.closed ? 1 : 0;
            finish();
        }
    }

    /** Two threads that await on a loop that is not driven: one drives, and hands over when it is done. */
    @JCStressTest
    @Outcome(id = "3", expect = Expect.ACCEPTABLE, desc = "both have their result")
    @Outcome(expect = Expect.FORBIDDEN, desc = "one has not")
    @State
    public static class TwoWhoAwait {
        private static final Loop UNDRIVEN = open(new MemoryTransport());

        private int one;
        private int other;

        private static int result(int value) {
            try {
                return UNDRIVEN.submit(() -> value).await();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Actor
        public void one() {
            one = result(1);
        }

        @Actor
        public void other() {
            other = result(2);
        }

        @Arbiter
        public void after(I_Result result) {
            result.r1 = one + other;
        }
    }
}
