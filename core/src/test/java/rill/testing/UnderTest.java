package rill.testing;

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
        for (Transport each : ServiceLoader.load(Transport.class)) {
            if (each.name().equals(name())) {
                each.unavailable().ifPresent(why -> {
                    throw new AssertionError(name() + " is unavailable: " + why);
                });
                return each;
            }
        }
        throw new AssertionError("there is no transport " + name());
    }
}
