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

/** The unexpected failures of a run; the first one makes it fail. Another thread may have caused it, by touching what it must not. */
final class Verdict {
    private final List<Predicate<? super Throwable>> expected = new ArrayList<>();
    private final Supplier<String> context;
    private final Consumer<String> mark;
    private volatile @Nullable Throwable failure; // an IllegalStateException or an AssertionError
    private @Nullable String property; // whose failure this is
    private boolean told;

    /**
     * @param context describes the moment of a failure
     * @param mark marks a failure in the trace
     */
    Verdict(Supplier<String> context, Consumer<String> mark) {
        this.context = context;
        this.mark = mark;
    }

    void expect(Predicate<? super Throwable> belongs) {
        expected.add(belongs);
    }

    /** Handles a failure that a loop reports. */
    void reported(Host host, String what, Throwable cause) {
        if (!belongsToNetworks(cause)) {
            failed(host, what, cause);
        }
    }

    /**
     * Returns whether a failure is normal in networks. Failing connections are, and what depends on them; failing user code is not. Nor is a
     * violation of the protocol, unless the stream was cut short: this network changes no byte, so one of the two ends is wrong.
     */
    private static boolean belongsToNetworks(Throwable cause) {
        if (cause instanceof ProtocolException violation) {
            return violation.streamEnded();
        }
        return cause instanceof IOException || cause instanceof CancelledException;
    }

    /** Handles something left at the end. */
    void leftBehind(Host host, LeftBehindException left) {
        Throwable before = failure;
        failed(host, String.valueOf(left.getMessage()), left);
        if (before == null && failure != null) {
            property = left.name();
        }
    }

    /** Returns whether a failure belongs to the scenario. A condition that throws counts as no; {@link #failed} reports it. */
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

    /** Handles an exception that nobody has caught. */
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

    /** Fails the run because a named condition does not hold. */
    void fail(String name, String what, @Nullable Throwable cause) {
        if (failure == null) {
            property = name;
        }
        fail(what, cause);
    }

    /** Fails the run, unless it has failed already. */
    private void fail(String what, @Nullable Throwable cause) {
        if (failure == null) {
            failure = new AssertionError(what + context.get(), cause);
            mark.accept("failed: " + what);
        }
    }

    /** Notes something that makes the run worthless; on any thread. */
    IllegalStateException violated(String message) {
        var found = new IllegalStateException(message);
        if (failure == null) {
            failure = found;
        }
        return found;
    }

    /** Throws what has failed so far, whether or not it was thrown before. */
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

    /** Throws what has failed, if it was never thrown. */
    void throwUntold() {
        if (!told) {
            throwIfAny();
        }
    }

    @Nullable
    Throwable failure() {
        return failure;
    }

    /** Returns the property that did not hold, if that is what has failed. */
    @Nullable
    String property() {
        return property;
    }
}
