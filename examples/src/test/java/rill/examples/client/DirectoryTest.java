package rill.examples.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.CallFailedException;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.examples.client.Directory.Message;
import rill.testkit.Leaks;

@ExtendWith(Leaks.class)
class DirectoryTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);

    private final Map<String, String> places = new HashMap<>(Map.of("ann", "room 1", "bob", "room 2"));
    private final List<Message> held = new ArrayList<>(); // questions that wait for the next one
    private final List<Connection<Message, Message>> peers = new ArrayList<>();
    private final List<String> notices = new ArrayList<>();
    private Loop loop;
    private Listener server;

    /** A server that answers two questions at a time, the second first. */
    @BeforeEach
    void serve() throws IOException {
        loop = Loop.open();
        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        server = loop.listen(address, Directory.PIPELINE, peer -> {
                    peers.add(peer);
                    peer.onMessage(message -> answer(peer, message));
                })
                .await();
    }

    private void answer(Connection<Message, Message> peer, Message message) {
        if (message.number() == 0) {
            String[] parts = message.text().split("=", 2);
            places.put(parts[0], parts[1]);
            peer.write(new Message(0, parts[0] + " has moved"));
            return;
        }
        held.add(message);
        if (held.size() == 2) {
            for (Message each : held.reversed()) {
                peer.write(new Message(each.number(), places.get(each.text())));
            }
            held.clear();
        }
    }

    @AfterEach
    void close() {
        loop.close();
    }

    private Directory connect() throws IOException {
        return Directory.connect(loop, server.address(), notices::add).await();
    }

    @Test
    void answers_find_their_questions_in_whatever_order_they_come() throws IOException {
        try (Directory directory = connect()) {
            Future<String> ann = directory.lookup("ann");
            Future<String> bob = directory.lookup("bob");
            assertThat(Future.all(ann, bob).await()).containsExactly("room 1", "room 2");
        }
    }

    @Test
    void what_has_no_answer_is_told_and_notices_come_unasked() throws IOException {
        try (Directory directory = connect()) {
            directory.moved("ann", "room 3").await();
            Future<String> ann = directory.lookup("ann");
            directory.lookup("bob").await();
            assertThat(ann.await()).isEqualTo("room 3");
            assertThat(notices).containsExactly("ann has moved");
        }
    }

    @Test
    void a_call_that_fails_says_which_and_whether_it_was_sent() throws IOException {
        try (Directory directory = connect()) {
            Future<String> unanswered = directory.lookup("ann");
            loop.run(() -> {
                while (held.isEmpty()) {
                    loop.delay(java.time.Duration.ofMillis(1)).await();
                }
                return peers.getFirst().abort().await();
            });
            assertThatThrownBy(unanswered::await)
                    .isInstanceOfSatisfying(
                            CallFailedException.class,
                            failure ->
                                    assertThat(failure.fate()).isEqualTo(CallFailedException.Fate.PERHAPS_CARRIED_OUT))
                    .hasMessageContaining("lookup of ann");
            assertThatThrownBy(directory.lookup("bob")::await)
                    .isInstanceOfSatisfying(
                            CallFailedException.class,
                            failure -> assertThat(failure.fate()).isEqualTo(CallFailedException.Fate.NEVER_SENT));
        }
    }

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_the_examples() throws IOException {
        var sources = new StringBuilder();
        try (Stream<Path> files = Files.list(Path.of("src/main/java/rill/examples/client"))) {
            for (Path each : files.toList()) {
                sources.append(Files.readString(each));
            }
        }
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("../docs/custom-client.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(7).allSatisfy(block -> assertThat(sources).contains(block));
    }
}
