package rill.transport.nio;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;
import rill.spi.SocketOptions;

/** Unix domain sockets whose listener has no room: a connecting client waits. */
class UnixBacklogTest extends OnSelector {
    private static final int MANY = 8;

    @TempDir
    private Path folder;

    private interface Connecting {
        void connect(int number, Events client) throws IOException;
    }

    /** Connects more clients than the backlog has room for: the first is connected, and the last waits. */
    private List<Events> connectMany(Connecting connecting) throws IOException {
        var clients = new ArrayList<Events>();
        for (int i = 0; i < MANY; i++) {
            var client = new Events();
            clients.add(client);
            connecting.connect(i, client);
        }
        until(() -> clients.getFirst().log.contains("connected"));
        for (int i = 0; i < 5; i++) {
            selector.select(1_000_000);
        }
        assertThat(clients).extracting(each -> each.cause).containsOnlyNulls();
        assertThat(clients.getLast().log).isEmpty();
        return clients;
    }

    @Test
    void who_finds_the_backlog_full_waits_until_there_is_room_and_can_give_up() throws Exception {
        var address = UnixDomainSocketAddress.of(folder.resolve("full"));
        var accepting = new Accepting();
        Acceptor acceptor = selector.listen(address, 1, SocketOptions.none(), accepting);
        acceptor.pause();
        List<Events> clients = connectMany((i, client) -> {
            connect(address, client);
            send(client, "I am " + i);
        });
        clients.getLast().wire.abort();
        until(() -> clients.getLast().closed);
        assertThat(clients.getLast().cause).isNull();

        acceptor.resume();
        var servers = new ArrayList<Events>();
        until(() -> {
            while (servers.size() < accepting.sockets.size()) {
                servers.add(new Events());
                open(accepting.sockets.get(servers.size() - 1), servers.getLast());
            }
            return servers.stream().filter(each -> !each.text.isEmpty()).count() == MANY - 1;
        });
        assertThat(servers).extracting(each -> each.text.toString()).doesNotHaveDuplicates();
        assertThat(clients.subList(0, MANY - 1)).allMatch(each -> each.log.contains("connected") && !each.closed);
        acceptor.close();
    }

    @Test
    void who_is_bound_to_a_path_waits_for_room_as_well() throws Exception {
        var address = UnixDomainSocketAddress.of(folder.resolve("full"));
        var accepting = new Accepting();
        Acceptor acceptor = selector.listen(address, 1, SocketOptions.none(), accepting);
        acceptor.pause();
        List<Events> clients = connectMany((i, client) -> client.wire = selector.connect(
                address, UnixDomainSocketAddress.of(folder.resolve("client" + i)), SocketOptions.none(), client));

        acceptor.resume();
        until(() -> clients.stream().allMatch(each -> each.log.contains("connected")));
        until(() -> accepting.sockets.size() == MANY);
        assertThat(accepting.sockets)
                .extracting(each -> each.remoteAddress())
                .contains(UnixDomainSocketAddress.of(folder.resolve("client" + (MANY - 1))));
        accepting.sockets.forEach(AcceptedSocket::close);
        clients.forEach(each -> each.wire.abort());
        acceptor.close();
    }

    @Test
    void the_path_of_who_waits_for_room_is_not_taken_from_another_who_has_taken_it_meanwhile() throws Exception {
        var address = UnixDomainSocketAddress.of(folder.resolve("full"));
        Acceptor acceptor = selector.listen(address, 1, SocketOptions.none(), new Accepting());
        acceptor.pause();
        for (int i = 0; i < 2; i++) {
            connect(address, new Events());
        }
        Path path = folder.resolve("client");
        var client = new Events();
        client.wire = selector.connect(address, UnixDomainSocketAddress.of(path), SocketOptions.none(), client);
        assertThat(path).exists();
        Files.delete(path);
        Files.writeString(path, "another's");
        for (int i = 0; i < 5; i++) {
            selector.select(10_000_000);
        }
        assertThat(path).hasContent("another's");
        client.wire.abort();
        acceptor.close();
    }

    @Test
    void closing_the_selector_ends_those_that_wait_for_room() throws Exception {
        var address = UnixDomainSocketAddress.of(folder.resolve("full"));
        selector.listen(address, 1, SocketOptions.none(), new Accepting()).pause();
        for (int i = 0; i < MANY; i++) {
            connect(address, new Events());
        }
        selector.select(0);
        selector.close(); // and leaves nothing behind
        assertThat(address.getPath()).doesNotExist();
    }
}
