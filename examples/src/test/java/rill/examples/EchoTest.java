package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.Leaks;

@ExtendWith(Leaks.class)
class EchoTest {
    @Test
    void what_is_sent_comes_back_and_the_end_as_well() throws IOException {
        try (var server = new RunningServer(Echo::serve);
                var caller = server.caller()) {
            assertThat(caller.send("hello").read(5)).isEqualTo("hello");
            assertThat(caller.send("good-bye").endOutput().readToEnd()).isEqualTo("good-bye");
        }
    }

    @Test
    void much_comes_back_whole_and_in_order() throws Exception {
        String much = "0123456789".repeat(300_000);
        try (var server = new RunningServer(Echo::serve);
                var caller = server.caller()) {
            var sender = new java.util.concurrent.FutureTask<Void>(() -> {
                caller.send(much).endOutput();
                return null;
            });
            Thread.ofVirtual().start(sender);
            assertThat(caller.readToEnd().equals(much)).isTrue();
            sender.get();
        }
    }

    @Test
    void a_stop_shows_those_who_are_connected_the_end() throws IOException {
        try (var server = new RunningServer(Echo::serve);
                var caller = server.caller()) {
            assertThat(caller.send("x").read(1)).isEqualTo("x");
            Thread.ofVirtual().start(server.loop()::close);
            assertThat(caller.readToEnd()).isEmpty();
        }
    }
}
