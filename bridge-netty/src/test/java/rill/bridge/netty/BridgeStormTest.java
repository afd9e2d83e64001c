package rill.bridge.netty;

import java.nio.file.Path;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import rill.testkit.Leaks;
import rill.testkit.storm.Storm;
import rill.testkit.storm.World;

/** Storms over layers of Netty's handlers: streams arrive in full or a failure is reported, and everything is released. */
@Tag("slow")
@ExtendWith(Leaks.class)
class BridgeStormTest {
    @TempDir
    private static Path dir;

    @Test
    void storms_over_handlers_keep_the_laws() {
        Storm.check(200, 0.1, seed -> World.memory(seed, Map.of(), BridgedLayers.plain()));
    }

    @Test
    void storms_over_netty_s_tls_keep_the_laws() throws Exception {
        SSLContext context = OneKey.context(dir);
        Storm.check(100, 0.1, seed -> World.memory(seed, Map.of(), BridgedLayers.tls(context)));
    }
}
