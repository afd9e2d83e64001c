package rill.testkit.storm;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import rill.testkit.storm.Step.Place;

/** Called wherever Rill calls functions of its user: counts the calls, and does or throws there what the program wants. */
final class UserCode {
    private final Run run;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile int throwAt = -1;
    private volatile Step.Thrown throwsThere = Step.Thrown.UNCHECKED;
    private int callsInSteps;

    UserCode(Run run) {
        this.run = run;
    }

    void at(Place place, @Nullable Actor actor) {
        if (actor == null) {
            return;
        }
        run.trace(place.name().hashCode() + 31 * run.step());
        boolean controls = actor instanceof End end && end.id / 2 == Run.CONTROL;
        if (!controls && calls.getAndIncrement() == throwAt) {
            actor.planted = true;
            Planned.<RuntimeException>sneak(thrown(throwsThere));
        }
        Step then = actor.sprung(place);
        if (then instanceof Step.Throw what) {
            actor.planted = true;
            Planned.<RuntimeException>sneak(thrown(what.thrown()));
        } else if (then != null) {
            run.performHere(then);
        }
    }

    /** Makes the n-th call of user code from now on throw. */
    void throwAt(int nth, Step.Thrown thrown) {
        throwsThere = thrown;
        throwAt = calls.get() + nth;
    }

    /** Returns how often user code was called before the program settled. */
    int calls() {
        return callsInSteps;
    }

    private static Throwable thrown(Step.Thrown kind) {
        return switch (kind) {
            case UNCHECKED -> new Planned.Unchecked();
            case ERROR -> new Planned.Serious();
            case IO -> new Planned.OfNetwork();
        };
    }

    /** From now on nothing is thrown. */
    void settles() {
        throwAt = -1;
        callsInSteps = calls.get();
    }
}
