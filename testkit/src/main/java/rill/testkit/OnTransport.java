package rill.testkit;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.spi.Transport;

/** What the tests of the suite share: a transport, and a {@link Rig} on it. See {@link TransportConformance}. */
@ExtendWith({Leaks.class, Quoting.class, Roles.class})
abstract class OnTransport {
    private String test = "?";
    private @Nullable Transport transport;
    private @Nullable Rig rig;

    protected abstract Transport transport() throws IOException;

    protected SocketAddress listenAddress() throws IOException {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }

    protected Set<Trait> traits() {
        return Set.of();
    }

    protected Duration patience() {
        return Duration.ofSeconds(10);
    }

    @BeforeEach
    void openRig(TestInfo info) throws IOException {
        test = getClass().getSimpleName() + "."
                + info.getTestMethod().map(Method::getName).orElse("?");
        transport = transport();
        openRig(false);
    }

    /** Opens the rig, with the ends exchanged if {@code exchanged}; see {@link InBothRoles}. */
    final void openRig(boolean exchanged) {
        rig = new Rig(tested(), this::listenAddress, patience(), new Watch(test, patience()), exchanged);
    }

    @AfterEach
    void closeRig() {
        if (rig != null) {
            rig.close();
            rig = null; // so that nothing it refers to counts as left behind
        }
    }

    /** Returns a rig for another thread, which drives it as long as it lives; the test closes it. */
    final Rig anotherRig() {
        return new Rig(tested(), this::listenAddress, patience(), new Watch(test, patience()), false);
    }

    final Rig rig() {
        if (rig == null) {
            throw new IllegalStateException("there is no rig outside of a test");
        }
        return rig;
    }

    final Transport tested() {
        if (transport == null) {
            throw new IllegalStateException("there is no transport outside of a test");
        }
        return transport;
    }

    final boolean has(Trait trait) {
        return traits().contains(trait);
    }

    final void leaveOutIf(Trait trait) {
        if (has(trait)) {
            Assumptions.abort("left out by nature of transport " + tested().name() + ": " + trait.reason());
        }
    }
}
