package rill.testing;

import java.util.List;
import java.util.ServiceLoader;
import rill.spi.Transport;

/** The transport that tests over sockets run on: the one that the system property {@value #PROPERTY} names, else NIO. */
public final class UnderTest {
    /** Not that of {@code Loop.open()}, which some tests set. */
    public static final String PROPERTY = "rill.test.transport";

    private UnderTest() {}

    /** Its name. */
    public static String name() {
        return System.getProperty(PROPERTY, "nio");
    }

    /** The transport; it has to be installed and available. */
    public static Transport transport() {
        return transport(name());
    }

    /** One by its name; likewise. */
    public static Transport transport(String name) {
        for (Transport each : ServiceLoader.load(Transport.class)) {
            if (each.name().equals(name)) {
                each.unavailable().ifPresent(why -> {
                    throw new AssertionError(name + " is unavailable: " + why);
                });
                return each;
            }
        }
        throw new AssertionError("there is no transport " + name);
    }

    /** All that are installed and available here, for tests that are repeated over each. */
    public static List<String> names() {
        return ServiceLoader.load(Transport.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(each -> each.unavailable().isEmpty())
                .map(Transport::name)
                .sorted()
                .toList();
    }
}
