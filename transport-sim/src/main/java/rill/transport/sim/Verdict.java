package rill.transport.sim;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.CancelledException;
import rill.ProtocolException;

/**
 * What has failed in a run that nobody expected: the first of it, which makes the run fail. Another thread may have found it, by touching
 * what it must not.
 */
final class Verdict {
    private final List<Predicate<? super Throwable>> expected = new ArrayList<>();
    private final Supplier<String> context;
    private final Consumer<String> mark;
    private volatile @Nullable Throwable failure; // an IllegalStateException or an AssertionError
    private @Nullable String property; // whose failure it is
    private boolean told;

    /** With what is said of the moment in which it happens, and what marks that in the trace. */
    Verdict(Supplier<String> context, Consumer<String> mark) {
        this.context = context;
        this.mark = mark;
    }

    void expect(Predicate<? super Throwable> belongs) {
        expected.add(belongs);
    }

    /** A loop reports a failure. */
    void reported(Host host, String what, Throwable cause) {
        if (!belongsToNetworks(cause)) {
            failed(host, what, cause);
        }
    }

    /**
     * That connections fail does, and what depends on them; that code of the user's fails does not. Nor does a violation: this network
     * changes no byte, so one of the two ends is wrong, unless the stream was cut short.
     */
    private static boolean belongsToNetworks(Throwable cause) {
        if (cause instanceof ProtocolException violation) {
            return violation.streamEnded();
        }
        return cause instanceof IOException || cause instanceof CancelledException;
    }

    /** Something is left at the end. */
    void leftBehind(Host host, LeftBehindException left) {
        Throwable before = failure;
        failed(host, String.valueOf(left.getMessage()), left);
        if (before == null && failure != null) {
            property = left.name();
        }
    }

    /** Whether that belongs to the scenario. A condition that throws says no; {@link #failed} tells that. */
    boolean surelyExpects(Throwable cause) {
        try {
            return expects(cause);
        } catch (Throwable thrown) {
            return false;
        }
    }

    private boolean expects(Throwable cause) {
        return expected.stream().anyMatch(each -> each.test(cause));
    }

    /** Something was thrown that nobody has caught. */
    void failed(Host host, String what, Throwable cause) {
        String where = "on host " + host.name() + ": " + what;
        try {
            if (expects(cause)) {
                return;
            }
        } catch (Throwable thrown) {
            if (thrown != cause) {
                cause.addSuppressed(thrown);
            }
            fail(
                    where + "\nand the condition of an expect threw " + thrown
                            + " when it was asked whether that belongs",
                    cause);
            return;
        }
        fail(where, cause);
    }

    /** What has to hold does not. */
    void fail(String name, String what, @Nullable Throwable cause) {
        if (failure == null) {
            property = name;
        }
        fail(what, cause);
    }

    /** Something is not as it has to be. */
    private void fail(String what, @Nullable Throwable cause) {
        if (failure == null) {
            failure = new AssertionError(what + context.get(), cause);
            mark.accept("failed: " + what);
        }
    }

    /** Something happened that makes the run worthless; on any thread. */
    IllegalStateException violated(String message) {
        var found = new IllegalStateException(message);
        if (failure == null) {
            failure = found;
        }
        return found;
    }

    /** Throws what has failed, in this call or an earlier one. */
    void throwIfAny() {
        Throwable found = failure;
        if (found instanceof IllegalStateException) {
            told = true;
            throw new IllegalStateException(found.getMessage(), found);
        } else if (found instanceof AssertionError error) {
            told = true;
            throw error;
        }
    }

    /** Throws what was never thrown so far. */
    void throwUntold() {
        if (!told) {
            throwIfAny();
        }
    }

    @Nullable
    Throwable failure() {
        return failure;
    }

    /** The property that did not hold, if that is what has failed. */
    @Nullable
    String property() {
        return property;
    }
}
