package rill.examples.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import rill.CallFailedException;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopOptions;
import rill.codec.resp.Command;
import rill.codec.resp.Hello;
import rill.codec.resp.Reply;
import rill.codec.resp.Resp;
import rill.codec.resp.RespException;

/**
 * The client while slots move, with nodes that answer as those of Redis 7. A key contains {@code bar} or {@code foo} between braces, which stands for
 * the first half of all slots or for the second.
 */
class RedisClusterMovesTest {
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    /** The text between braces, and its slot. */
    private static final Map<String, Integer> SLOTS = Map.of("bar", 5061, "foo", 12182);

    private Loop loop;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Node> owners = new HashMap<>(); // of the two halves
    private final Map<String, Node> importing = new HashMap<>(); // the nodes to which they are moving
    private final List<String> carriedOut = new ArrayList<>();
    private RedisClient client;
    private @Nullable Reply refusesSlots;

    @BeforeEach
    void open() throws IOException {
        loop = Loop.open(LoopOptions.defaults().slowHandle(Duration.ZERO).reporter(report -> {}));
        nodes.add(new Node("first"));
        nodes.add(new Node("second"));
        owners.put("bar", nodes.get(0));
        owners.put("foo", nodes.get(1));
        client = RedisClient.connect(loop, nodes.get(0).address, Hello.resp2()).await();
    }

    @AfterEach
    void close() {
        client.close();
        loop.close(Duration.ZERO);
    }

    private static String half(String key) {
        return key.substring(key.indexOf('{') + 1, key.indexOf('}'));
    }

    /** A node of a cluster, as far as these tests need it. */
    private final class Node {
        final String name;
        final Listener listener;
        final InetSocketAddress address;
        final TreeMap<String, Integer> data = new TreeMap<>();
        final List<String> asked = new ArrayList<>();
        final Set<Connection<?, ?>> connections = new HashSet<>();
        int scans; // started from the beginning
        int order; // of its keys, different after each start
        Runnable beforeExec = () -> {};
        Runnable beforeScan = () -> {};

        Node(String name) throws IOException {
            this.name = name;
            this.listener = loop.listen(ANY, Resp.server(), connection -> {
                        connections.add(connection);
                        var peer = new Peer(this);
                        connection
                                .onFailure(failure -> {})
                                .onMessage(command -> connection.write(peer.answer(command)), connection::close);
                    })
                    .await();
            this.address = (InetSocketAddress) listener.address();
        }

        String port() {
            return String.valueOf(address.getPort());
        }

        /** Returns why it does not serve these keys; null if it does. */
        @Nullable
        Reply refusal(Collection<String> keys, boolean asking) {
            Set<String> halves = new TreeSet<>();
            keys.forEach(each -> halves.add(half(each)));
            if (halves.size() != 1) {
                return halves.isEmpty()
                        ? null
                        : new Reply.Failed("CROSSSLOT Keys in request don't hash to the same slot");
            }
            String half = halves.iterator().next();
            boolean missing = !data.keySet().containsAll(keys);
            boolean existing = keys.stream().anyMatch(data::containsKey);
            Node owner = owners.get(half);
            Node target = importing.get(half);
            var again = new Reply.Failed("TRYAGAIN Multiple keys request during rehashing of slot");
            if (owner == this) {
                if (target == null || !missing) {
                    return null;
                }
                return existing ? again : redirection("ASK", half, target);
            }
            if (target == this && asking) {
                return keys.size() > 1 && missing ? again : null;
            }
            return redirection("MOVED", half, owner);
        }

        private Reply redirection(String how, String half, Node to) {
            return new Reply.Failed(how + " " + SLOTS.get(half) + " 127.0.0.1:" + to.port());
        }

        Reply scan(String cursor) {
            beforeScan.run();
            scans += cursor.equals("0") ? 1 : 0;
            List<String> keys = new ArrayList<>(data.keySet());
            Collections.rotate(keys, order);
            int from = Integer.parseInt(cursor);
            int to = Math.min(from + 2, keys.size());
            List<Reply> page = new ArrayList<>();
            keys.subList(Math.min(from, to), to).forEach(each -> page.add(Reply.bulk(each)));
            return Reply.array(Reply.bulk(to == keys.size() ? "0" : "" + to), new Reply.Array(page));
        }
    }

    /** One connection. */
    private final class Peer {
        private final Node node;
        private @Nullable List<Command> queued;
        private boolean asking;
        private boolean aborted;

        Peer(Node node) {
            this.node = node;
        }

        Reply answer(Command command) {
            node.asked.add(command.name());
            Reply reply = react(command);
            if (queued == null && !command.name().equals("ASKING")) {
                asking = false;
            }
            return reply;
        }

        private Reply react(Command command) {
            switch (command.name()) {
                case "PING":
                    return Reply.PONG;
                case "ASKING":
                    asking = true;
                    return Reply.OK;
                case "MULTI":
                    queued = new ArrayList<>();
                    aborted = false;
                    return Reply.OK;
                case "EXEC":
                    return execute();
                case "CLUSTER":
                    return slots();
                case "SCAN":
                    return node.scan(command.string(1));
                default:
                    return keyed(command);
            }
        }

        private Reply keyed(Command command) {
            Reply refusal = node.refusal(keys(command), asking);
            if (refusal != null) {
                aborted |= queued != null;
                return refusal;
            }
            if (queued != null) {
                queued.add(command);
                return new Reply.Simple("QUEUED");
            }
            return carryOut(command);
        }

        private Reply execute() {
            node.beforeExec.run();
            List<Command> commands = queued;
            if (commands == null) {
                return new Reply.Failed("ERR EXEC without MULTI");
            }
            queued = null;
            if (aborted) {
                return new Reply.Failed("EXECABORT Transaction discarded because of previous errors.");
            }
            Set<String> keys = new TreeSet<>();
            commands.forEach(each -> keys.addAll(keys(each)));
            Reply refusal = node.refusal(keys, asking);
            return refusal == null
                    ? new Reply.Array(commands.stream().map(this::carryOut).toList())
                    : refusal;
        }

        private List<String> keys(Command command) {
            List<String> keys = new ArrayList<>();
            for (int i = 1; i < command.size(); i++) {
                keys.add(command.string(i));
            }
            return keys;
        }

        private Reply carryOut(Command command) {
            carriedOut.add(node.name + " " + command.name() + " " + command.string(1));
            if (command.name().equals("INCR")) {
                return Reply.of(node.data.merge(command.string(1), 1, Integer::sum));
            }
            return new Reply.Array(keys(command).stream()
                    .<Reply>map(each -> Reply.bulk("" + node.data.get(each)))
                    .toList());
        }

        private Reply slots() {
            if (refusesSlots != null) {
                return refusesSlots;
            }
            return Reply.array(range(0, 8191, owners.get("bar")), range(8192, 16383, owners.get("foo")));
        }

        private Reply range(int first, int last, Node owner) {
            Reply node = Reply.array(
                    Reply.bulk("127.0.0.1"), Reply.of(owner.address.getPort()), Reply.bulk(owner.name), Reply.array());
            return Reply.array(Reply.of(first), Reply.of(last), node);
        }
    }

    /** A half begins to move to another node. */
    private void moves(String half, Node to) {
        importing.put(half, to);
    }

    private void keysGo(String half) {
        Node from = owners.get(half);
        Node to = importing.get(half);
        from.data.entrySet().removeIf(each -> {
            boolean goes = half(each.getKey()).equals(half);
            if (goes) {
                to.data.put(each.getKey(), each.getValue());
            }
            return goes;
        });
    }

    private void hasMoved(String half) {
        keysGo(half);
        owners.put(half, importing.remove(half));
    }

    private Future<List<Reply>> increments(String... keys) {
        Command[] commands = new Command[keys.length];
        for (int i = 0; i < keys.length; i++) {
            commands[i] = Command.of("INCR", keys[i]);
        }
        return client.transaction(commands);
    }

    // ---- transactions

    @Test
    void a_transaction_whose_keys_have_gone_follows_them_whole_with_asking_before_multi() throws IOException {
        nodes.get(1).data.putAll(Map.of("{foo}1", 10, "{foo}2", 20));
        moves("foo", nodes.get(0));
        keysGo("foo");
        nodes.get(0).asked.clear();
        assertThat(increments("{foo}1", "{foo}2").await()).containsExactly(Reply.of(11), Reply.of(21));
        assertThat(carriedOut).containsExactly("first INCR {foo}1", "first INCR {foo}2");
        assertThat(nodes.get(0).asked).containsSequence("ASKING", "MULTI", "INCR", "INCR", "EXEC");
        carriedOut.clear();
        assertThat(increments("{foo}new").await()).as("it is nowhere yet").containsExactly(Reply.of(1));
        assertThat(carriedOut).containsExactly("first INCR {foo}new");
        assertThat(nodes.get(1).asked)
                .as("which still has the slot, for all that this said")
                .contains("MULTI");
    }

    @Test
    void a_transaction_whose_keys_are_on_either_side_is_carried_out_once_they_are_together() throws IOException {
        nodes.get(0).data.put("{foo}1", 10);
        nodes.get(1).data.put("{foo}2", 20);
        moves("foo", nodes.get(0));
        Future<List<Reply>> transaction = increments("{foo}1", "{foo}2");
        var passed = loop.delay(Duration.ofMillis(50)).map(nothing -> {
            assertThat(transaction.isDone()).isFalse();
            hasMoved("foo");
            return true;
        });
        assertThat(transaction.await()).containsExactly(Reply.of(11), Reply.of(21));
        assertThat(passed.await()).isTrue();
        assertThat(carriedOut).containsExactly("first INCR {foo}1", "first INCR {foo}2");
    }

    @Test
    void a_transaction_that_is_split_for_too_long_fails_and_says_that_it_may_pass() throws IOException {
        nodes.get(0).data.put("{foo}1", 10);
        nodes.get(1).data.put("{foo}2", 20);
        moves("foo", nodes.get(0));
        assertThatThrownBy(() -> increments("{foo}1", "{foo}2").await())
                .isInstanceOfSatisfying(
                        RespException.class,
                        failed -> assertThat(failed.isTemporary())
                                .as(failed.getMessage())
                                .isTrue())
                .hasMessageStartingWith("TRYAGAIN");
        assertThat(carriedOut).isEmpty();
    }

    @Test
    void a_transaction_whose_slot_moves_before_its_exec_is_sent_on_whole() throws IOException {
        nodes.get(1).data.putAll(Map.of("{foo}1", 10, "{foo}2", 20));
        nodes.get(1).beforeExec = () -> {
            moves("foo", nodes.get(0));
            hasMoved("foo");
            nodes.get(1).beforeExec = () -> {};
        };
        assertThat(increments("{foo}1", "{foo}2").await()).containsExactly(Reply.of(11), Reply.of(21));
        assertThat(carriedOut).containsExactly("first INCR {foo}1", "first INCR {foo}2");
    }

    @Test
    void keys_that_go_before_exec_are_followed_with_all_of_the_transaction() throws IOException {
        nodes.get(1).data.putAll(Map.of("{foo}1", 10, "{foo}2", 20));
        nodes.get(1).beforeExec = () -> {
            moves("foo", nodes.get(0));
            keysGo("foo");
            nodes.get(1).beforeExec = () -> {};
        };
        assertThat(increments("{foo}1", "{foo}2").await()).containsExactly(Reply.of(11), Reply.of(21));
        assertThat(carriedOut).containsExactly("first INCR {foo}1", "first INCR {foo}2");
    }

    @Test
    void a_transaction_over_two_slots_fails_and_none_of_it_was_carried_out() {
        assertThatThrownBy(() -> increments("{foo}1", "{bar}1").await())
                .isInstanceOf(RespException.class)
                .hasMessageStartingWith("EXECABORT")
                .satisfies(failed -> assertThat(failed.getSuppressed()).isNotEmpty());
        assertThat(carriedOut).isEmpty();
    }

    @Test
    void what_stands_beside_a_transaction_in_a_batch_is_not_carried_out_again_with_it() throws IOException {
        List<Reply> replies = client.batch(List.of(
                        Command.of("INCR", "{bar}1"),
                        Command.of("MULTI"),
                        Command.of("INCR", "{foo}1"),
                        Command.of("EXEC")))
                .await();
        assertThat(carriedOut).containsExactly("first INCR {bar}1", "second INCR {foo}1");
        assertThat(replies)
                .containsExactly(Reply.of(1), Reply.OK, new Reply.Simple("QUEUED"), Reply.array(Reply.of(1)));
    }

    @Test
    void transactions_side_by_side_in_a_batch_go_each_its_own_way() throws IOException {
        List<Reply> replies = client.batch(List.of(
                        Command.of("MULTI"),
                        Command.of("INCR", "{bar}1"),
                        Command.of("EXEC"),
                        Command.of("MULTI"),
                        Command.of("INCR", "{foo}1"),
                        Command.of("EXEC"),
                        Command.of("INCR", "{bar}1")))
                .await();
        assertThat(replies.get(2)).isEqualTo(Reply.array(Reply.of(1)));
        assertThat(replies.get(5)).isEqualTo(Reply.array(Reply.of(1)));
        assertThat(replies.get(6)).isEqualTo(Reply.of(2));
        assertThat(carriedOut).containsExactly("first INCR {bar}1", "first INCR {bar}1", "second INCR {foo}1");
    }

    @Test
    void a_batch_of_which_a_part_never_reached_its_node_was_perhaps_carried_out() throws IOException {
        var gone = new Node("gone");
        gone.listener.close();
        owners.put("foo", gone);
        Future<List<Reply>> batch = client.batch(List.of(Command.of("INCR", "{bar}1"), Command.of("INCR", "{foo}1")));
        loop.delay(Duration.ofMillis(50)).await();
        client.close();
        assertThatThrownBy(batch::await)
                .isInstanceOfSatisfying(
                        CallFailedException.class,
                        failed -> assertThat(failed.fate())
                                .as(failed.getMessage())
                                .isEqualTo(CallFailedException.Fate.PERHAPS_CARRIED_OUT));
        assertThat(carriedOut).containsExactly("first INCR {bar}1");
    }

    @Test
    void a_command_with_keys_on_either_side_is_carried_out_once_they_are_together() throws IOException {
        nodes.get(0).data.put("{foo}1", 10);
        nodes.get(1).data.put("{foo}2", 20);
        moves("foo", nodes.get(0));
        Future<Reply> values = client.call(Command.of("MGET", "{foo}1", "{foo}2"));
        var _ = loop.delay(Duration.ofMillis(50)).onDone((nothing, never) -> hasMoved("foo"));
        assertThat(values.await()).isEqualTo(Reply.array(Reply.bulk("10"), Reply.bulk("20")));
    }

    // ---- scans

    private void keys(Node node, String half, int count) {
        for (int i = 0; i < count; i++) {
            node.data.put("{" + half + "}" + i, i);
        }
    }

    private List<String> all(Scan scan) throws IOException {
        List<String> found = new ArrayList<>();
        scan.forEach(found::add).await();
        return found;
    }

    private Set<String> everything() {
        Set<String> keys = new TreeSet<>();
        nodes.forEach(each -> keys.addAll(each.data.keySet()));
        return keys;
    }

    @Test
    void a_scan_visits_each_master_once() throws IOException {
        keys(nodes.get(0), "bar", 5);
        keys(nodes.get(1), "foo", 5);
        assertThat(all(client.scan("*"))).hasSize(10).containsExactlyInAnyOrderElementsOf(everything());
        assertThat(nodes).extracting(each -> each.scans).containsExactly(1, 1);
    }

    @Test
    void a_master_without_keys_is_visited_as_well() throws IOException {
        keys(nodes.get(1), "foo", 1);
        assertThat(all(client.scan("*"))).containsExactly("{foo}0");
        assertThat(nodes).extracting(each -> each.scans).containsExactly(1, 1);
    }

    @Test
    void a_master_that_was_given_slots_after_its_visit_is_visited_once_more() throws IOException {
        keys(nodes.get(0), "bar", 5);
        keys(nodes.get(1), "foo", 5);
        Set<String> keys = everything();
        Scan scan = client.scan("*");
        Set<String> found = new TreeSet<>();
        while (nodes.get(0).scans == 0 || found.size() < 5) {
            found.addAll(scan.next().await());
        }
        moves("foo", nodes.get(0));
        hasMoved("foo");
        found.addAll(all(scan));
        assertThat(found).isEqualTo(keys);
        assertThat(nodes.get(0).scans).isEqualTo(2);
    }

    @Test
    void slots_that_leave_a_master_during_its_visit_are_looked_for_where_they_are() throws IOException {
        keys(nodes.get(0), "bar", 5);
        keys(nodes.get(1), "foo", 5);
        Set<String> keys = everything();
        nodes.get(1).beforeScan = () -> {
            moves("foo", nodes.get(0));
            hasMoved("foo");
            nodes.get(1).beforeScan = () -> {};
        };
        assertThat(new TreeSet<>(all(client.scan("*")))).isEqualTo(keys);
    }

    @Test
    void a_master_that_takes_over_is_visited_in_the_place_of_the_one_that_is_gone() throws IOException {
        keys(nodes.get(0), "bar", 5);
        keys(nodes.get(1), "foo", 5);
        Set<String> keys = everything();
        var third = new Node("third");
        third.data.putAll(nodes.get(1).data);
        nodes.add(third);
        Scan scan = client.scan("*");
        Set<String> found = new TreeSet<>();
        nodes.get(1).beforeScan = () -> {
            owners.put("foo", third);
            nodes.get(1).connections.forEach(Connection::abort);
        };
        while (true) {
            try {
                List<String> page = scan.next().await();
                if (page == null) {
                    break;
                }
                found.addAll(page);
            } catch (IOException gone) {
                assertThat(gone).isInstanceOf(CallFailedException.class);
            }
        }
        assertThat(found).isEqualTo(keys);
        assertThat(third.scans).isEqualTo(1);
    }

    @Test
    void a_server_that_was_started_again_is_scanned_from_the_beginning() throws IOException {
        keys(nodes.get(0), "bar", 6);
        keys(nodes.get(1), "foo", 6);
        Node node = nodes.get(1);
        int[] asked = {0};
        node.beforeScan = () -> {
            if (++asked[0] == 3) { // two of three pages have arrived
                node.order = 3;
                node.connections.forEach(Connection::abort);
            }
        };
        Scan scan = client.scan("*");
        Set<String> found = new TreeSet<>();
        int failures = 0;
        while (true) {
            try {
                List<String> page = scan.next().await();
                if (page == null) {
                    break;
                }
                found.addAll(page);
            } catch (IOException gone) {
                failures++;
            }
        }
        assertThat(found).isEqualTo(everything());
        assertThat(failures).isEqualTo(1);
        assertThat(node.scans).isEqualTo(2);
    }

    @Test
    void a_server_whose_rules_allow_scan_and_not_cluster_is_taken_for_one_alone() throws IOException {
        keys(nodes.get(0), "bar", 5);
        refusesSlots = new Reply.Failed("NOPERM this user has no permissions to run the 'cluster|slots' command");
        assertThat(all(client.scan("*"))).hasSize(5);
    }

    @Test
    void but_not_where_it_is_known_to_be_of_a_cluster() throws IOException {
        keys(nodes.get(1), "foo", 1);
        client.call(Command.of("MGET", "{foo}0")).await(); // it has moved
        refusesSlots = new Reply.Failed("NOPERM this user has no permissions to run the 'cluster|slots' command");
        assertThatThrownBy(() -> all(client.scan("*")))
                .isInstanceOf(RespException.class)
                .hasMessageContaining("NOPERM");
    }

    @Test
    void slots_that_never_stay_fail_a_scan_instead_of_holding_it_for_ever() {
        keys(nodes.get(0), "bar", 1);
        for (Node each : nodes) {
            each.beforeScan = () -> owners.put("foo", nodes.get(0) == owners.get("foo") ? nodes.get(1) : nodes.get(0));
        }
        assertThatThrownBy(() -> all(client.scan("*")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("change hands faster than they can be scanned");
    }
}
