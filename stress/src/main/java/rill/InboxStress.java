package rill;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** The way onto a loop from other threads, and the wake-ups that are omitted while the loop is awake. */
final class InboxStress {
    private InboxStress() {}

    /** Takes out the nodes that are in the inbox, as its only consumer, and returns their number. */
    private static int drain(Inbox inbox) {
        var taken = new NodeQueue();
        inbox.drainTo(taken);
        int n = 0;
        while (taken.poll() != null) {
            n++;
        }
        return n;
    }

    /** A sender, and a loop that falls asleep. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "the loop saw the node and stays awake")
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "the loop sleeps and is woken up")
    @Outcome(id = "0, 1", expect = Expect.FORBIDDEN, desc = "a wake-up for a loop that did not sleep")
    @Outcome(id = "1, 0", expect = Expect.FORBIDDEN, desc = "the loop sleeps although a node is in: a lost wake-up")
    @State
    public static class WakeUp {
        private final AtomicInteger wakeUps = new AtomicInteger();
        private final Inbox inbox = new Inbox(wakeUps::incrementAndGet);

        @Actor
        public void sender() {
            inbox.put(new StressNode());
        }

        @Actor
        public void loop(II_Result result) {
            result.r1 = inbox.fallAsleep() ? 1 : 0;
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = wakeUps.get();
        }
    }

    /** Two senders, and a loop that sleeps. */
    @JCStressTest
    @Outcome(id = "2, 1", expect = Expect.ACCEPTABLE, desc = "both nodes are in, and one wake-up was enough")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a node was lost, or the number of wake-ups is wrong")
    @State
    public static class TwoSenders {
        private final AtomicInteger wakeUps = new AtomicInteger();
        private final Inbox inbox = new Inbox(wakeUps::incrementAndGet);

        public TwoSenders() {
            inbox.fallAsleep();
        }

        @Actor
        public void one() {
            inbox.put(new StressNode());
        }

        @Actor
        public void other() {
            inbox.put(new StressNode());
        }

        @Arbiter
        public void after(II_Result result) {
            result.r1 = drain(inbox);
            result.r2 = wakeUps.get();
        }
    }

    /** A sender, and a loop that wakes up by itself and falls asleep again. */
    @JCStressTest
    @Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "the node came while it was awake, and it stays so")
    @Outcome(
            id = {"0, 1", "1, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "woken up from the first or from the second sleep")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a lost wake-up, or one too many")
    @State
    public static class AsleepAgain {
        private final AtomicInteger wakeUps = new AtomicInteger();
        private final Inbox inbox = new Inbox(wakeUps::incrementAndGet);

        public AsleepAgain() {
            inbox.fallAsleep();
        }

        @Actor
        public void sender() {
            inbox.put(new StressNode());
        }

        @Actor
        public void loop(II_Result result) {
            inbox.awake();
            result.r1 = inbox.fallAsleep() ? 1 : 0;
        }

        @Arbiter
        public void after(II_Result result) {
            result.r2 = wakeUps.get();
        }
    }

    /** A sender, and a loop that drains the inbox. */
    @JCStressTest
    @Outcome(
            id = {"0, 1, 1", "1, 0, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "taken out once, now or later")
    @Outcome(expect = Expect.FORBIDDEN, desc = "lost, or taken out twice")
    @State
    public static class Drain {
        private final Inbox inbox = new Inbox(() -> {});

        @Actor
        public void sender() {
            inbox.put(new StressNode());
        }

        @Actor
        public void loop(III_Result result) {
            result.r1 = drain(inbox);
        }

        @Arbiter
        public void after(III_Result result) {
            result.r2 = drain(inbox);
            result.r3 = result.r1 + result.r2;
        }
    }

    /** A sender, and a loop that closes. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "let go, once")
    @Outcome(expect = Expect.FORBIDDEN, desc = "forgotten in the queue, or let go twice")
    @State
    public static class Close {
        private final Inbox inbox = new Inbox(() -> {});
        private final StressNode node = new StressNode();

        @Actor
        public void sender() {
            if (!inbox.put(node)) {
                node.discard();
            }
        }

        @Actor
        public void loop() {
            inbox.close(Node::discard);
        }

        @Arbiter
        public void after(II_Result result) {
            result.r1 = node.discards.get();
            result.r2 = inbox.isEmpty() ? 0 : 1;
        }
    }
}
