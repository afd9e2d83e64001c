package rill.examples.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.Client;
import rill.ClientProtocol;
import rill.Connection;
import rill.Loop;
import rill.LoopGroup;
import rill.LoopOptions;
import rill.Promise;
import rill.Report;
import rill.testkit.Leaks;
import rill.testkit.memory.MemoryTransport;

@ExtendWith(Leaks.class)
class LibraryTest {
    private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)\n```", Pattern.DOTALL);

    private final MemoryTransport transport = MemoryTransport.calm();
    private final Library library = new Library(Map.of("Walden", "B 12", "Emma", "A 3"));
    private final List<Report> reports = new ArrayList<>();
    private Loop loop;

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open(LoopOptions.defaults()
                .transport(transport)
                .slowHandle(Duration.ZERO)
                .reporter(reports::add));
    }

    @AfterEach
    void close() {
        loop.close();
        assertThat(reports).noneMatch(each -> each instanceof Report.Thrown || each instanceof Report.Unobserved);
        assertThat(transport.left()).isEmpty();
    }

    private Client<String, String> client(SocketAddress address) throws IOException {
        return loop.connect(address, ClientProtocol.inOrder(Library.LINES)).await();
    }

    private Connection<String, String> connect(SocketAddress address) throws IOException {
        return loop.connect(address, Library.LINES).await();
    }

    @Test
    void the_catalogue_answers_in_order() throws IOException {
        Client<String, String> client =
                client(library.catalogue(loop, MemoryTransport.ANY).await().address());
        assertThat(client.call("Walden").await()).isEqualTo("B 12");
        assertThat(client.call("Ulysses").await()).isEqualTo("unknown");
    }

    @Test
    void the_desk_knows_what_each_reader_has_and_gets_it_back() throws IOException {
        SocketAddress desk = library.desk(loop, MemoryTransport.ANY).await().address();
        Client<String, String> one = client(desk);
        Client<String, String> other = client(desk);
        assertThat(one.call("Walden").await()).isEqualTo("yours, with 0 others");
        assertThat(one.call("Emma").await()).isEqualTo("yours, with 1 others");
        assertThat(other.call("Emma").await()).isEqualTo("not here");
        one.finish().await();
        transport.until(Duration.ofSeconds(1), () -> library.lent().isEmpty());
        assertThat(other.call("Emma").await()).isEqualTo("yours, with 0 others");
    }

    @Test
    void registration_asks_one_thing_after_the_other() throws IOException {
        Connection<String, String> reader =
                connect(library.registration(loop, MemoryTransport.ANY).await().address());
        assertThat(reader.receive().await()).isEqualTo("your name?");
        reader.write("ann");
        assertThat(reader.receive().await()).isEqualTo("your street?");
        reader.write("High Street");
        assertThat(reader.receive().await()).isEqualTo("welcome, ann");
        assertThat(reader.receive().await()).as("the Task is over").isNull();
        assertThat(library.readers()).containsExactly(Map.entry("ann", "High Street"));
        reader.close();
    }

    @Test
    void who_goes_away_before_is_not_registered() throws IOException {
        Connection<String, String> reader =
                connect(library.registration(loop, MemoryTransport.ANY).await().address());
        assertThat(reader.receive().await()).isEqualTo("your name?");
        reader.finish().await();
        assertThat(library.readers()).isEmpty();
    }

    @Test
    void what_is_said_in_the_reading_room_reaches_everybody_and_so_does_its_closing() throws IOException {
        Loop inside = Loop.open(LoopOptions.defaults().transport(transport).slowHandle(Duration.ZERO));
        SocketAddress room =
                library.readingRoom(inside, MemoryTransport.ANY).await().address();
        Connection<String, String> one = connect(room);
        Connection<String, String> other = connect(room);
        transport.turns(100);
        one.write("psst");
        assertThat(one.receive().await()).isEqualTo("psst");
        assertThat(other.receive().await()).isEqualTo("psst");
        other.abort().await();

        inside.close(Duration.ofSeconds(1));

        assertThat(one.receive().await()).isEqualTo("the library closes");
        assertThat(one.receive().await()).isNull();
        one.close();
    }

    @Test
    void who_is_idle_for_too_long_is_let_go() throws IOException {
        Client<String, String> client =
                client(library.catalogue(loop, MemoryTransport.ANY).await().address());
        transport.pass(Library.BOUNDS.idleTime().multipliedBy(2));
        assertThat(client.closed().isDone()).isTrue();
        assertThat(reports).anyMatch(each -> each instanceof Report.ConnectionFailed);
    }

    @Test
    void the_whole_library_opens_on_several_loops_and_closes_when_told() throws Exception {
        SocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Loop outside = Loop.open()) {
            Promise<String> stop = outside.promise();
            stop.complete("closing time");
            library.open(Collections.nCopies(4, any), stop);
            assertThat(stop.isDone()).isTrue();
        }
    }

    @Test
    void how_busy_it_was_is_said_after_the_end() throws IOException {
        var any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        var said = new ArrayList<String>();
        try (LoopGroup loops = LoopGroup.open(1)) {
            SocketAddress address = library.catalogue(loops, any).await().address();
            assertThat(loops.loops()
                            .getFirst()
                            .connect(address, ClientProtocol.inOrder(Library.LINES))
                            .await()
                            .call("Emma")
                            .await())
                    .isEqualTo("A 3");
            Library.closeAndTell(loops, said::add);
        }
        assertThat(said).containsExactly("1 connections were accepted");
    }

    @Test
    void every_code_block_of_the_guide_is_a_piece_of_the_example() throws IOException {
        String source = Files.readString(Path.of("src/main/java/rill/examples/server/Library.java"));
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("../docs/servers.md")))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(blocks).hasSize(7).allSatisfy(block -> assertThat(source).contains(block));
    }
}
