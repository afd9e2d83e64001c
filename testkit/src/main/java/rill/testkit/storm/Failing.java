package rill.testkit.storm;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Failure;
import rill.testkit.storm.Step.OnFailure;
import rill.testkit.storm.Step.Place;

/** How one end of a connection has failed, and whether there was a reason for that. */
final class Failing {
    private final End end;
    private final Run run;
    private volatile boolean failed;
    private volatile int carriedOn; // how often
    private volatile boolean overLimit; // it has failed because it wrote too much
    private volatile boolean refusedMemory; // it has failed for want of memory
    private @Nullable Throwable unexplained; // a failure for which there was no reason at the time
    private int carried; // on the loop

    Failing(End end) {
        this.end = end;
        this.run = end.run;
    }

    /** What {@code onFailure} does. */
    void told(Failure failure) {
        if (end.onFailure == OnFailure.CARRY_ON && failure.survivable()) {
            carried++;
            carriedOn = carried;
            failure.carryOn();
            run.judge().of(failure.cause(), "onFailure of " + end + " was told");
        } else {
            with(failure.cause());
        }
        run.userCode().at(Place.FAILURE, end);
        if (end.onFailure == OnFailure.THROW) {
            throw new Planned.Unchecked();
        }
    }

    /** The connection has failed with this: was there a reason? */
    void with(Throwable cause) {
        refusedMemory |= Planned.isNoMemory(cause);
        End peer = end.peer();
        boolean endsByItself = peer != null && peer.closesAtEnd() && end.shut; // and its patience is over
        boolean reason = endsByItself || end.troubled() || peer == null || peer.troubled() || Planned.is(cause);
        boolean ours = cause.getMessage() != null && cause.getMessage().contains("hard limit");
        overLimit |= ours;
        failed = true;
        if (cause instanceof IOException || Planned.is(cause)) {
            // That a receive finds it closed follows a failure that was told before, perhaps to an any that has taken
            // another result.
            boolean follows = String.valueOf(cause.getMessage()).endsWith("is closed");
            if (!reason && !ours && !follows && unexplained == null) {
                unexplained = cause;
            }
        } else {
            run.judge().of(cause, end + " has failed with");
        }
    }

    /** That it has failed was reported. */
    void isReported() {
        failed = true;
    }

    boolean hasFailed() {
        return failed;
    }

    /** How often it has gone on after a failure. */
    int carriedOn() {
        return carriedOn;
    }

    /** Whether that was for want of memory. */
    boolean wasRefusedMemory() {
        return refusedMemory;
    }

    /** A failure for which there was no reason, or null. */
    @Nullable
    Throwable unexplained() {
        End peer = end.peer();
        boolean late = peer != null && peer.failing().hasReasonOfItsOwn(); // that was told there later than to us
        return late || end.wasTurnedAway() ? null : unexplained;
    }

    private boolean hasReasonOfItsOwn() {
        return refusedMemory || overLimit || end.sending().wasTooMuch();
    }
}
