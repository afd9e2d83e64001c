package rill;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import rill.testing.MemoryTransport;

/** Settling a Promise from several threads at once, concurrent with cancelling it and adding a callback. */
final class PromiseStress {
    private static final Loop LOOP = open();

    private PromiseStress() {}

    private static Loop open() {
        try {
            return Loop.open(LoopOptions.defaults()
                    .transport(new MemoryTransport())
                    .slowHandle(Duration.ZERO)
                    .reporter(new Alarm()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs the due callbacks of all states under test. One thread at a time drives the loop. */
    private static void settle() {
        synchronized (LOOP) {
            while (LOOP.tick()) {}
        }
    }

    /** Two threads that complete it. */
    @JCStressTest
    @Outcome(
            id = {"1, 0, 1", "0, 1, 2"},
            expect = Expect.ACCEPTABLE,
            desc = "one wins, and its value is the result")
    @Outcome(expect = Expect.FORBIDDEN, desc = "both won, or none, or the loser's value is the result")
    @State
    public static class TwoValues {
        private final Promise<Integer> promise = LOOP.promise();

        @Actor
        public void one(III_Result result) {
            result.r1 = promise.complete(1) ? 1 : 0;
        }

        @Actor
        public void other(III_Result result) {
            result.r2 = promise.complete(2) ? 1 : 0;
        }

        @Arbiter
        public void after(III_Result result) {
            settle();
            result.r3 = promise.result();
        }
    }

    /** Completion, concurrent with cancellation, with a callback that stops the work. */
    @JCStressTest
    @Outcome(
            id = {"1, 0, 0", "0, 1, 1"},
            expect = Expect.ACCEPTABLE,
            desc = "one wins; the work is stopped if it is the cancelling one")
    @Outcome(
            expect = Expect.FORBIDDEN,
            desc = "both won, or none, or the work was stopped for no reason, twice or never")
    @State
    public static class Cancellation {
        private final AtomicInteger stops = new AtomicInteger();
        private final Promise<Integer> promise = LOOP.<Integer>promise().onCancel(stops::incrementAndGet);

        @Actor
        public void completing(III_Result result) {
            result.r1 = promise.complete(1) ? 1 : 0;
        }

        @Actor
        public void cancelling(III_Result result) {
            result.r2 = promise.cancel() ? 1 : 0;
        }

        @Arbiter
        public void after(III_Result result) {
            settle();
            result.r3 = stops.get();
        }
    }

    /** Completion, concurrent with adding a callback. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "told once, with the value")
    @Outcome(expect = Expect.FORBIDDEN, desc = "told twice, never, or something else")
    @State
    public static class Listening {
        private final Promise<Integer> promise = LOOP.promise();
        private final AtomicInteger told = new AtomicInteger();
        private volatile int value;

        @Actor
        public void completing() {
            promise.complete(1);
        }

        @Actor
        public void listening() {
            promise.onDone((settled, failure) -> {
                told.incrementAndGet();
                value = settled == null ? -1 : settled;
            });
        }

        @Arbiter
        public void after(II_Result result) {
            settle();
            result.r1 = told.get();
            result.r2 = value;
        }
    }
}
