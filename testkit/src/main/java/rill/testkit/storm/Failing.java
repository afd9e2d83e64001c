package rill.testkit.storm;

import java.io.IOException;
import org.jspecify.annotations.Nullable;
import rill.Failure;
import rill.testkit.storm.Step.OnFailure;
import rill.testkit.storm.Step.Place;

/** How one end of a connection has failed, and whether there was a reason. */
final class Failing {
    private final End end;
    private final Run run;
    private volatile boolean failed;
    private volatile int carriedOn; // how often
    private volatile boolean overLimit; // it has failed because it wrote too much
    private volatile boolean refusedMemory; // it has failed for lack of memory
    private @Nullable Throwable unexplained; // a failure without a reason at the time
    private int carried; // on the loop

    Failing(End end) {
        this.end = end;
        this.run = end.run;
    }

    /** The body of {@code onFailure}. */
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

    /** The connection has failed with this cause; notes whether there was a reason. */
    void with(Throwable cause) {
        refusedMemory |= Planned.isNoMemory(cause);
        End peer = end.peer();
        boolean endsByItself = peer != null && peer.closesAtEnd() && end.shut; // and its patience has run out
        boolean closesByItself = end.closesAtEnd() && peer != null && peer.shut; // and its own has
        boolean reason = endsByItself
                || closesByItself
                || end.troubled()
                || peer == null
                || peer.troubled()
                || Planned.is(cause);
        boolean ours = cause.getMessage() != null && cause.getMessage().contains("hard limit");
        overLimit |= ours;
        failed = true;
        if (cause instanceof IOException || Planned.is(cause)) {
            // A receive that finds the connection closed follows a failure that was delivered before, perhaps to an any
            // that has settled with another result.
            boolean follows = String.valueOf(cause.getMessage()).endsWith("is closed");
            if (!reason && !ours && !follows && unexplained == null) {
                unexplained = cause;
            }
        } else {
            run.judge().of(cause, end + " has failed with");
        }
    }

    /** A failure was reported that may be that of this connection, or of another with the same name. */
    void isReported() {
        failed = true;
    }

    boolean hasFailed() {
        return failed;
    }

    /** Returns how often it has continued after a failure. */
    int carriedOn() {
        return carriedOn;
    }

    /** Whether it has failed for lack of memory. */
    boolean wasRefusedMemory() {
        return refusedMemory;
    }

    /** Returns a failure without a reason, or null. */
    @Nullable
    Throwable unexplained() {
        End peer = end.peer();
        boolean late = peer != null && peer.failing().hasReasonOfItsOwn(); // which was noted there later than here
        return late || end.wasTurnedAway() ? null : unexplained;
    }

    /** Whether it had to fail, even if nobody was told: a pull that has settled otherwise, for example, has dropped the failure. */
    boolean hasReasonOfItsOwn() {
        return refusedMemory || overLimit || end.sending().wasTooMuch();
    }
}
