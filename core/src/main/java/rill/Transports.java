package rill;

import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import rill.spi.Transport;

/** Finds the installed transports, and keeps one instance of each for all loops. It uses no lambdas, since it runs at every start. */
final class Transports {
    /** System property that names the transport to use. */
    static final String PROPERTY = "rill.transport";

    private static final AtomicBoolean NOTED = new AtomicBoolean();

    /** The one instance of each transport in this process, for as long as its class is loaded. */
    private static final ClassValue<AtomicReference<@Nullable Transport>> INSTANCES = new ClassValue<>() {
        @Override
        protected AtomicReference<@Nullable Transport> computeValue(Class<?> type) {
            return new AtomicReference<>();
        }
    };

    private Transports() {}

    /** A transport, and a remark on the choice; null if the remark was made before in this process. */
    record Choice(Transport transport, @Nullable Remark remark) {}

    /** Routine unless something better is installed and can't be used. */
    record Remark(String text, boolean routine) {}

    /** An installed transport. The obstacle to its use is determined once, and only if it matters, since a trial may take a while. */
    private static final class Installed {
        private final Transport transport;
        private boolean asked;
        private @Nullable String obstacle;

        Installed(Transport transport) {
            this.transport = transport;
        }

        String name() {
            return transport.name();
        }

        private @Nullable String obstacle() {
            if (!asked) {
                asked = true;
                obstacle = transport.unavailable();
            }
            return obstacle;
        }

        boolean available() {
            return obstacle() == null;
        }

        @Override
        public String toString() {
            return available() ? name() : name() + " (unavailable: " + obstacle() + ")";
        }
    }

    /** The transport that {@value #PROPERTY} names, or else the best that is available. */
    static Choice best() {
        List<Installed> all = installed();
        String wanted = System.getProperty(PROPERTY);
        Installed chosen = wanted == null ? firstAvailable(all) : named(wanted, all);
        return new Choice(chosen.transport, NOTED.compareAndSet(false, true) ? remark(chosen, wanted, all) : null);
    }

    private static Remark remark(Installed chosen, @Nullable String wanted, List<Installed> all) {
        String text = "sockets go through transport " + chosen.name();
        if (wanted != null) {
            return new Remark(text + ", as the system property " + PROPERTY + " says", true);
        }
        List<Installed> better = all.subList(0, all.indexOf(chosen));
        return better.isEmpty()
                ? new Remark(text + ", the best that is installed", true)
                : new Remark(text + "; better would be " + list(better), false);
    }

    private static Installed firstAvailable(List<Installed> all) {
        for (Installed each : all) {
            if (each.available()) {
                return each;
            }
        }
        throw new IllegalStateException("no transport is available; installed: " + list(all));
    }

    private static Installed named(String wanted, List<Installed> all) {
        for (Installed each : all) {
            if (each.name().equals(wanted)) {
                if (!each.available()) {
                    throw new IllegalStateException(
                            "transport " + wanted + " is not available; installed: " + list(all));
                }
                return each;
            }
        }
        throw new IllegalStateException("there is no transport " + wanted + "; installed: " + list(all));
    }

    /** The best first; of equals, the first found. */
    private static List<Installed> installed() {
        var all = new ArrayList<Installed>();
        var found = ServiceLoader.load(Transport.class).stream().iterator();
        while (found.hasNext()) {
            Transport each = instance(found.next());
            int at = 0;
            while (at < all.size() && all.get(at).transport.preference() >= each.preference()) {
                at++;
            }
            all.add(at, new Installed(each));
        }
        return all;
    }

    private static Transport instance(ServiceLoader.Provider<Transport> provider) {
        var instance = INSTANCES.get(provider.type());
        synchronized (instance) {
            Transport known = instance.get();
            if (known == null) {
                known = provider.get();
                instance.set(known);
            }
            return known;
        }
    }

    private static String list(List<Installed> some) {
        return some.isEmpty()
                ? "none (add a dependency such as dev.rill:rill-transport-nio)"
                : some.stream().map(Installed::toString).collect(Collectors.joining(", "));
    }
}
