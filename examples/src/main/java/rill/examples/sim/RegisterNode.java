package rill.examples.sim;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import rill.Client;
import rill.ClientProtocol;
import rill.ConnectOptions;
import rill.Future;
import rill.Handle;
import rill.Loop;
import rill.Promise;
import rill.codec.Text;
import rill.transport.sim.Host;

/**
 * One host of the {@link Register}, from a boot to its crash.
 *
 * <pre>
 *  FOLLOWER ── nothing heard of a leader ──▶ CANDIDATE ── a majority votes for it ──▶ LEADER
 *     ▲                                          │                                      │
 *     └────────── a higher term, or another leader of this one ─────────────────────────┘
 * </pre>
 *
 * <p><b>Source:</b> Ongaro, Ousterhout: In Search of an Understandable Consensus Algorithm (2014), figure 2.
 */
final class RegisterNode {
    private static final Duration HEARTBEAT = Duration.ofMillis(60);
    private static final int PATIENCE_MILLIS = 200;
    private static final Duration DEADLINE = Duration.ofMillis(300);
    private static final Duration FAVOUR = Duration.ofMillis(500);
    private static final Duration RECONNECT = Duration.ofMillis(20);

    private enum Role {
        FOLLOWER,
        CANDIDATE,
        LEADER
    }

    /** An entry of the log. */
    record Entry(int term, String command) {}

    /** The state that survives a crash. */
    static final class Disk {
        private int term;
        private String votedFor = "";
        private final List<Entry> log = new ArrayList<>(); // the first is number 1

        private int lastTerm() {
            return termAt(log.size());
        }

        private int termAt(int index) {
            return index == 0 ? 0 : log.get(index - 1).term;
        }
    }

    /** Another host, as this one sees it. */
    private static final class Peer {
        private final String name;
        private @Nullable Client<String, String> client;
        private boolean busy; // with an append that is not answered yet
        private int next = 1; // the next entry to send it
        private int match; // up to where its log is known to match ours

        Peer(String name) {
            this.name = name;
        }
    }

    private final Register.Run run;
    private final Register.Bug bug;
    private final String name;
    private final Host host;
    private final Loop loop;
    private final Disk disk;
    private final List<Peer> peers = new ArrayList<>();
    private final Set<String> votes = new HashSet<>(); // counted, never iterated
    private final Map<Integer, Promise<String>> waiting = new HashMap<>(); // clients, by index
    private Role role = Role.FOLLOWER;
    private @Nullable Peer favourite; // with a bug: the only peer that is sent entries, for a while
    private int votesCounted; // with a bug
    private int committed;
    private int applied;
    private Handle patience;

    RegisterNode(Register.Run run, Host host, Register.Bug bug) {
        this.run = run;
        this.bug = bug;
        this.host = host;
        this.name = host.name();
        this.loop = host.loop("main");
        this.disk = Objects.requireNonNull(run.disks.get(name));
        for (String each : run.disks.keySet()) {
            if (!each.equals(name)) {
                peers.add(new Peer(each));
            }
        }
        this.patience = loop.schedule("nothing yet", () -> {});
    }

    void start() {
        if (bug == Register.Bug.FORGOTTEN_VOTE) {
            disk.votedFor = "";
        }
        loop.serve(host.address(Register.PORT), Text.lines(), this::handle);
        peers.forEach(this::connect);
        waitForLeader();
        beat();
    }

    // ---- connections to the others

    private void connect(Peer peer) {
        loop.connect(
                        InetSocketAddress.createUnresolved(peer.name, Register.PORT),
                        ClientProtocol.inOrder(Text.lines()).deadline(DEADLINE),
                        ConnectOptions.defaults().timeout(DEADLINE))
                .onDone((client, failure) -> {
                    if (client == null) {
                        loop.schedule(RECONNECT, "connect again", () -> connect(peer));
                        return;
                    }
                    peer.client = client;
                    peer.busy = false;
                    if (role == Role.CANDIDATE) {
                        ask(peer);
                    } else if (role == Role.LEADER) {
                        replicate(peer);
                    }
                });
    }

    private void lost(Peer peer, Client<String, String> client) {
        if (peer.client == client) {
            peer.client = null;
            client.close();
            loop.schedule(RECONNECT, "connect again", () -> connect(peer));
        }
    }

    // ---- elections

    private void waitForLeader() {
        patience.cancel();
        int millis = PATIENCE_MILLIS + loop.random().nextInt(PATIENCE_MILLIS / 2);
        patience = loop.schedule(Duration.ofMillis(millis), "no leader", this::stand);
    }

    private void stand() {
        if (role != Role.LEADER) {
            role = Role.CANDIDATE;
            disk.term++;
            disk.votedFor = name;
            votes.clear();
            votes.add(name);
            votesCounted = 1;
            peers.forEach(this::ask);
        }
        waitForLeader();
    }

    private void ask(Peer peer) {
        Client<String, String> client = peer.client;
        if (client == null) {
            return;
        }
        int term = disk.term;
        client.call("vote " + term + " " + name + " " + disk.log.size() + " " + disk.lastTerm())
                .onDone((answer, failure) -> {
                    if (answer == null) {
                        lost(peer, client);
                        return;
                    }
                    String[] words = answer.split(" ", -1);
                    heardOf(Integer.parseInt(words[1]));
                    if (role == Role.CANDIDATE && term == disk.term && words[0].equals("yes")) {
                        elected(peer);
                    }
                    if (role == Role.CANDIDATE && run.simulation.buggify(0.3, "a connection lost after a vote")) {
                        lost(peer, client);
                    }
                });
    }

    private void elected(Peer voter) {
        votes.add(voter.name);
        votesCounted++;
        int count = bug == Register.Bug.VOTE_COUNTED_TWICE ? votesCounted : votes.size();
        if (count > (peers.size() + 1) / 2) {
            role = Role.LEADER;
            run.leads(disk.term, name);
            if (run.simulation.buggify(0.5, "a leader that favours one")) {
                favourite = peers.get(loop.random().nextInt(peers.size()));
                loop.schedule(FAVOUR, "favours nobody", () -> favourite = null);
            }
            for (Peer each : peers) {
                each.next = disk.log.size() + 1;
                each.match = 0;
                replicate(each);
            }
        }
    }

    private String vote(int term, String candidate, int length, int lastTerm) {
        heardOf(term);
        boolean upToDate = bug == Register.Bug.LENGTH_ONLY
                ? length >= disk.log.size()
                : lastTerm > disk.lastTerm() || (lastTerm == disk.lastTerm() && length >= disk.log.size());
        boolean free = disk.votedFor.isEmpty() || disk.votedFor.equals(candidate);
        if (term < disk.term || !upToDate || !free) {
            return "no " + disk.term;
        }
        disk.votedFor = candidate;
        waitForLeader();
        return "yes " + disk.term;
    }

    /** Another host is in this term: if it is a newer one, adopts it and becomes a follower. */
    private void heardOf(int term) {
        if (term > disk.term) {
            disk.term = term;
            disk.votedFor = "";
            follow();
        }
    }

    private void follow() {
        role = Role.FOLLOWER;
        waiting.values().forEach(each -> each.complete("perhaps"));
        waiting.clear();
    }

    // ---- the log

    private void beat() {
        if (role == Role.LEADER) {
            peers.forEach(this::replicate);
        }
        loop.schedule(HEARTBEAT, "heartbeat", this::beat);
    }

    private void replicate(Peer peer) {
        Client<String, String> client = peer.client;
        if (role != Role.LEADER || client == null || peer.busy || run.simulation.buggify(0.3, "a slow leader")) {
            return;
        }
        peer.busy = true;
        int term = disk.term;
        int before = peer.next - 1;
        String entry = "";
        if (before < disk.log.size() && gives(peer)) {
            Entry next = disk.log.get(before);
            entry = " " + next.term + " " + next.command;
        }
        client.call("append " + term + " " + before + " " + disk.termAt(before) + " " + committed + entry)
                .onDone((answer, failure) -> {
                    if (answer == null) {
                        lost(peer, client);
                        return;
                    }
                    peer.busy = false;
                    String[] words = answer.split(" ", -1);
                    heardOf(Integer.parseInt(words[1]));
                    if (role == Role.LEADER && term == disk.term) {
                        appended(peer, words[0].equals("yes"), Integer.parseInt(words[2]));
                    }
                });
    }

    private void appended(Peer peer, boolean taken, int upTo) {
        if (taken) {
            peer.match = Math.max(peer.match, upTo);
            peer.next = upTo + 1;
            commitWhatMostHave();
        } else {
            peer.next = Math.max(1, Math.min(peer.next - 1, upTo + 1));
        }
        if (peer.next <= disk.log.size() && gives(peer)) {
            replicate(peer);
        }
    }

    private boolean gives(Peer peer) {
        return favourite == null || favourite == peer;
    }

    private void commitWhatMostHave() {
        for (int index = disk.log.size(); index > committed; index--) {
            int at = index;
            long have = 1 + peers.stream().filter(each -> each.match >= at).count();
            boolean ours = bug == Register.Bug.OLD_TERM || disk.termAt(index) == disk.term;
            if (have > (peers.size() + 1) / 2 && ours) {
                committed = index;
                apply();
                return;
            }
        }
    }

    private String append(int term, int before, int termBefore, int leaderCommitted, @Nullable Entry entry) {
        heardOf(term);
        if (term < disk.term) {
            return "no " + disk.term + " 0";
        }
        if (role == Role.CANDIDATE) {
            follow();
        }
        waitForLeader();
        if (disk.log.size() < before || disk.termAt(before) != termBefore) {
            return "no " + disk.term + " " + Math.min(disk.log.size(), before - 1);
        }
        int last = before;
        if (entry != null) {
            last++;
            if (disk.log.size() >= last && disk.termAt(last) != entry.term) {
                run.replaced = true;
                disk.log.subList(before, disk.log.size()).clear();
            }
            if (disk.log.size() < last) {
                disk.log.add(entry);
            }
        }
        committed = Math.max(committed, Math.min(leaderCommitted, last));
        apply();
        return "yes " + disk.term + " " + last;
    }

    private void apply() {
        while (applied < committed) {
            applied++;
            run.applies(applied, disk.log.get(applied - 1).command, name);
            Promise<String> client = waiting.remove(applied);
            if (client != null) {
                client.complete("done");
            }
        }
    }

    // ---- requests

    private Future<String> handle(String request) {
        String[] words = request.split(" ", -1);
        return switch (words[0]) {
            case "vote" -> Future.of(vote(number(words[1]), words[2], number(words[3]), number(words[4])));
            case "append" -> {
                Entry entry = words.length == 7 ? new Entry(number(words[5]), words[6]) : null;
                yield Future.of(append(number(words[1]), number(words[2]), number(words[3]), number(words[4]), entry));
            }
            default -> set(words[1]);
        };
    }

    private static int number(String word) {
        return Integer.parseInt(word);
    }

    private Future<String> set(String command) {
        if (role != Role.LEADER) {
            return Future.of("not here");
        }
        disk.log.add(new Entry(disk.term, command));
        peers.forEach(this::replicate);
        if (bug == Register.Bug.EARLY_ANSWER) {
            return Future.of("done");
        }
        Promise<String> done = loop.promise();
        waiting.put(disk.log.size(), done);
        return done;
    }
}
