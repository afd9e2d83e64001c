package rill;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import rill.spi.Transport;

/** Finds the transports that are installed. */
final class Transports {
    /** System property that names the transport to use. */
    static final String PROPERTY = "rill.transport";

    private static final AtomicBoolean NOTED = new AtomicBoolean();

    private Transports() {}

    /** A transport, and what is to be said about the choice; null if it was said before in this process. */
    record Choice(Transport transport, @Nullable Remark remark) {}

    /** Routine unless something better is installed and can't be used. */
    record Remark(String text, boolean routine) {}

    /** The one that {@value #PROPERTY} names, else the best that is available. */
    static Choice best() {
        List<Transport> found = installed();
        String wanted = System.getProperty(PROPERTY);
        Transport chosen = wanted == null ? firstAvailable(found) : named(wanted, found);
        return new Choice(chosen, NOTED.compareAndSet(false, true) ? remark(chosen, wanted, found) : null);
    }

    private static Remark remark(Transport chosen, @Nullable String wanted, List<Transport> found) {
        String text = "sockets go through transport " + chosen.name();
        if (wanted != null) {
            return new Remark(text + ", as the system property " + PROPERTY + " says", true);
        }
        List<Transport> better = found.subList(0, found.indexOf(chosen));
        return better.isEmpty()
                ? new Remark(text + ", the best that is installed", true)
                : new Remark(text + "; better would be " + describe(better), false);
    }

    private static Transport firstAvailable(List<Transport> found) {
        return found.stream()
                .filter(each -> each.unavailable().isEmpty())
                .findFirst()
                .orElseThrow(
                        () -> new IllegalStateException("no transport is available; installed: " + describe(found)));
    }

    private static Transport named(String wanted, List<Transport> found) {
        Transport named = found.stream()
                .filter(each -> each.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "there is no transport " + wanted + "; installed: " + describe(found)));
        named.unavailable().ifPresent(why -> {
            throw new IllegalStateException("transport " + wanted + " is not available; installed: " + describe(found));
        });
        return named;
    }

    private static List<Transport> installed() {
        var found = new ArrayList<Transport>();
        ServiceLoader.load(Transport.class).forEach(found::add);
        found.sort(Comparator.comparingInt(Transport::preference).reversed());
        return found;
    }

    private static String describe(List<Transport> found) {
        if (found.isEmpty()) {
            return "none (add a module such as rill.transport.nio)";
        }
        return String.join(
                ", ",
                found.stream()
                        .map(each -> each.name()
                                + each.unavailable()
                                        .map(why -> " (unavailable: " + why + ")")
                                        .orElse(""))
                        .toList());
    }
}
