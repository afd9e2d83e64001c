package rill.testkit.storm;

import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import rill.CancelledException;
import rill.Report;
import rill.Reporter;

/**
 * Judges what is thrown, passed as a failure, or reported in a run. As a Reporter it is a class and not a lambda: a loop may refer to it, and to no
 * other function of a program.
 */
final class Judge implements Reporter {
    private final Run run;
    private final Set<String> failedConnections = ConcurrentHashMap.newKeySet();
    private final Set<Throwable> untold =
            Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
    private volatile boolean survivorsAllowed;

    Judge(Run run) {
        this.run = run;
    }

    /** Throws a failure that must be reported. */
    Object fail() {
        var failure = new Planned.Unchecked();
        untold.add(failure);
        throw failure;
    }

    /** Returns how many failures have not been reported. */
    int untold() {
        return untold.size();
    }

    /** Checks whether this exception or failure is legitimate. */
    void of(Throwable failure, String where) {
        if (Planned.is(failure)
                || failure instanceof IOException
                || failure instanceof CancelledException
                || failure instanceof RejectedExecutionException) {
            return;
        }
        if (failure instanceof IllegalStateException && expected(String.valueOf(failure.getMessage()))) {
            return;
        }
        var violation = run.ledger().violated(4, where + " " + failure);
        if (violation.getSuppressed().length == 0) {
            violation.addSuppressed(failure);
        }
    }

    private static boolean expected(String message) {
        return message.contains("is closed")
                || message.contains("is closing")
                || message.contains("another pipeline")
                || message.contains("drives")
                || message.contains("use one of the two")
                || message.contains("is being driven")
                || message.contains("to be replaced")
                || message.contains("within a call of a session")
                || message.contains("still holds back writes");
    }

    @Override
    public void report(Report report) {
        if (run.has(Plant.SILENT)) {
            return;
        }
        Throwable cause = report.cause();
        if (cause != null) {
            untold.remove(cause);
        }
        reported(report);
    }

    private void reported(Report report) {
        switch (report) {
            case Report.Thrown thrown -> of(thrown.cause(), "it was reported that " + thrown.what() + " threw");
            case Report.Unobserved unobserved ->
                of(unobserved.cause(), "it was reported that nobody looked at the failure of " + unobserved.what());
            case Report.ConnectionFailed failed -> connectionFailed(failed);
            case Report.AcceptPaused paused -> run.ledger().violated(4, "it was reported: " + paused.message());
            case Report.Survivors survivors -> survived(survivors);
            default -> {}
        }
    }

    /** Whether the connection from this address has failed at the other end and was reported, perhaps before it was handed to anybody. */
    boolean failedAtPeer(@Nullable SocketAddress local) {
        return failedConnections.contains("connection to " + local);
    }

    private void connectionFailed(Report.ConnectionFailed report) {
        failedConnections.add(report.connection());
        List<End> named = named(report.connection());
        for (End each : named) {
            // Ends that connect to the same address have the same name, and so have connections that the program has
            // lost.
            boolean alone = named.size() == 1 && (each.id % 2 == 1 || !run.losesConnections());
            if (alone) {
                each.failing().with(report.cause());
            } else {
                each.failing().isReported();
            }
        }
        of(report.cause(), "it was reported that a connection failed:");
    }

    private List<End> named(String connection) {
        var named = new ArrayList<End>();
        for (int id = 0; id <= 2 * Run.CONTROL + 1; id++) {
            End each = run.end(id);
            Object its = each == null ? null : each.connection();
            if (each != null && its != null && connection.equals(its.toString())) {
                named.add(each);
            }
        }
        return named;
    }

    private void survived(Report.Survivors report) {
        if (!survivorsAllowed) {
            run.ledger().violated(3, "it was reported: " + report.message());
        }
    }

    void allowSurvivors(boolean allowed) {
        survivorsAllowed = allowed;
    }
}
