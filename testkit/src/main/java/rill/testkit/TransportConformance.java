package rill.testkit;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Set;
import rill.spi.Transport;

/**
 * The contract of {@link rill.spi} in executable form. Authors of a transport extend this class and implement one method:
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
 * <p>Each test holds the transport to one sentence of the Javadoc of {@code rill.spi}, and quotes it on failure. Both ends of a connection are made
 * on the transport, by its own Selectors, which the test's thread drives. Time is that of the transport's {@link Transport#environment()
 * environment}, so it may be virtual. Whatever a test is about, every test checks the order of events, exact counts, pauses and the fate of every
 * buffer, and {@link Leaks} looks for what is left behind.
 *
 * <p><b>Not guaranteed:</b> that the transport survives kernel faults (interrupted calls, no descriptors): they cannot be provoked from outside.
 */
public abstract class TransportConformance extends BrokenLaws {
    /** Called by JUnit. */
    protected TransportConformance() {}

    /** Returns the transport under test. Called once for each test; a transport that is created only once is returned each time. */
    @Override
    protected abstract Transport transport() throws IOException;

    /** Returns an address at which the system picks what is free. By default port 0 of the loopback. Called anew each time that a test listens. */
    @Override
    protected SocketAddress listenAddress() throws IOException {
        return super.listenAddress();
    }

    /** Returns what this transport cannot do by nature. By default no test is left out. */
    @Override
    protected Set<Trait> traits() {
        return super.traits();
    }

    /** Returns how long, by the transport's clock, something may take to happen before it counts as lost. By default 10 s. */
    @Override
    protected Duration patience() {
        return super.patience();
    }
}
