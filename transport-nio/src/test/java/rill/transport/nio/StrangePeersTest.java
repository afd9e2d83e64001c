package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import rill.testing.UnderTest;
import rill.testkit.Leaks;

/** Peers whose address is a path that the platform's charset can't represent. */
@Tag("slow")
@ExtendWith(Leaks.class)
class StrangePeersTest {
    @Test
    void a_peer_with_an_address_that_can_not_be_expressed_harms_nobody(@TempDir Path folder) throws Exception {
        try (var server = Child.java("export LC_ALL=C;", StrangePeersMain.class, "serve", folder.toString())) {
            server.expect("READY");
            server.tell("count");
            String before = server.expect("CONNECTIONS");
            for (String how : new String[] {"strange", "plain"}) {
                try (var visitor =
                        Child.java("export LC_ALL=C.UTF-8;", StrangePeersMain.class, how, folder.toString())) {
                    if (how.equals("plain")) {
                        visitor.expect("ANSWERED got hello");
                    }
                    visitor.finish();
                }
            }
            assertThat(server.output()).noneMatch(line -> line.startsWith("REPORT"));
            if (UnderTest.name().equals("epoll")) { // the JDK loses the descriptor
                for (String after = ""; !after.equals(before); ) {
                    server.tell("count");
                    after = server.expect("CONNECTIONS");
                }
            }
            server.tell("end");
            server.finish();
        }
    }
}
