package rill;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import rill.spi.Transport;

/** Finds the transports that are installed. */
final class Transports {
    /** System property that names the transport to use. */
    static final String PROPERTY = "rill.transport";

    private Transports() {}

    /** The one that {@value #PROPERTY} names, else the best that is available. */
    static Transport best() {
        List<Transport> found = installed();
        String wanted = System.getProperty(PROPERTY);
        return found.stream()
                .filter(each -> wanted == null || each.name().equals(wanted))
                .filter(each -> each.unavailable().isEmpty())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        (wanted == null ? "no transport is available" : "transport " + wanted + " is not available")
                                + "; installed: " + describe(found)));
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
