package rill.testing;

import java.util.List;
import java.util.ServiceLoader;
import rill.spi.Transport;

/** The transport that tests over sockets run on: the one named by the system property {@value #PROPERTY}, otherwise NIO. */
public final class UnderTest {
    /** Not the property of {@code Loop.open()}, which some tests set. */
    public static final String PROPERTY = "rill.test.transport";

    private UnderTest() {}

    /** Returns the name of the transport. */
    public static String name() {
        return System.getProperty(PROPERTY, "nio");
    }

    /** Returns the transport, which must be installed and available. */
    public static Transport transport() {
        return transport(name());
    }

    /** Returns the transport of this name, which must be installed and available. */
    public static Transport transport(String name) {
        for (Transport each : ServiceLoader.load(Transport.class)) {
            if (each.name().equals(name)) {
                if (each.unavailable() != null) {
                    throw new AssertionError(name + " is unavailable: " + each.unavailable());
                }
                return each;
            }
        }
        throw new AssertionError("there is no transport " + name);
    }

    /** Returns the names of all that are installed and available here, for tests that are repeated over each. */
    public static List<String> names() {
        return ServiceLoader.load(Transport.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(each -> each.unavailable() == null)
                .map(Transport::name)
                .sorted()
                .toList();
    }
}
