package rill.transport.nio;

import java.util.ArrayList;
import java.util.List;
import rill.Report;
import rill.Reporter;

/** Keeps what loops report. Whatever no test takes out is a failure of the test. */
final class Reports implements Reporter {
    private final List<Report> reports = new ArrayList<>();

    @Override
    public synchronized void report(Report report) {
        if (!(report instanceof Report.Note) && !(report instanceof Report.Slow)) {
            reports.add(report);
        }
    }

    /** Takes out all of a kind. */
    synchronized <T extends Report> List<T> take(Class<T> kind) {
        List<T> taken =
                reports.stream().filter(kind::isInstance).map(kind::cast).toList();
        reports.removeAll(taken);
        return taken;
    }

    synchronized int count(Class<? extends Report> kind) {
        return (int) reports.stream().filter(kind::isInstance).count();
    }

    synchronized List<String> messages() {
        return reports.stream().map(Report::message).toList();
    }
}
