package rill.testkit;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Set;
import rill.spi.Transport;

/**
 * The contract of {@link rill.spi}, in executable form. Whoever writes a transport extends this class with one method:
 *
 * <pre>{@code
 * class MyTransportConformanceTest extends TransportConformance {
 *     @Override
 *     protected Transport transport() {
 *         return new MyTransport();
 *     }
 * }
 * }</pre>
 *
 * <p>Each test holds the transport to one sentence of the Javadoc of {@code rill.spi}, and quotes it when it fails. Both ends of a
 * connection are made on the transport, by its own Selectors, which the test's thread drives; time is that of the
 * transport's {@link Transport#environment() environment}, so that it may be virtual. Whatever a test is about, the order of events,
 * exact counts, pauses and the fate of every buffer are checked in all of them, and {@link Leaks} looks for what is left behind.
 *
 * <p><b>Not guaranteed:</b> that kernel faults are survived (interrupted calls, no descriptors): they cannot be provoked from outside.
 */
public abstract class TransportConformance extends BrokenLaws {
    /** Called by JUnit. */
    protected TransportConformance() {}

    /** The transport under test. Called once for each test; what is made once for all is the same each time. */
    @Override
    protected abstract Transport transport() throws IOException;

    /** An address where the system picks what is free. By default port 0 of the loopback. Called anew each time that a test listens. */
    @Override
    protected SocketAddress listenAddress() throws IOException {
        return super.listenAddress();
    }

    /** What this transport cannot have by nature. By default nothing is left out. */
    @Override
    protected Set<Trait> traits() {
        return super.traits();
    }

    /** How long, by the transport's clock, something may take to happen before it counts as lost. By default 10 s. */
    @Override
    protected Duration patience() {
        return super.patience();
    }
}
