package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The way onto the loop: nothing is lost, nothing arrives twice, and each sender's order is kept. */
class InboxTest {
    private final AtomicInteger wakeUps = new AtomicInteger();
    private final Inbox inbox = new Inbox(wakeUps::incrementAndGet);

    /** One of a sender's Nodes. */
    private static final class Numbered extends Node {
        final int sender;
        final int number;
        final AtomicInteger discards = new AtomicInteger();

        Numbered(int sender, int number) {
            this.sender = sender;
            this.number = number;
        }

        @Override
        void execute() {
            throw new AssertionError("only taken out here");
        }

        @Override
        void discard() {
            discards.incrementAndGet();
        }

        @Override
        String label() {
            return sender + "/" + number;
        }
    }

    private static List<String> taken(Inbox inbox) {
        var queue = new NodeQueue();
        int n = inbox.drainTo(queue);
        var labels = new ArrayList<String>();
        for (Node node = queue.poll(); node != null; node = queue.poll()) {
            labels.add(node.label());
        }
        assertThat(labels).hasSize(n);
        return labels;
    }

    @Test
    void what_was_put_in_comes_out_in_that_order_and_behind_what_the_queue_held() {
        var queue = new NodeQueue();
        queue.add(new Numbered(0, 0));
        inbox.put(new Numbered(1, 0));
        inbox.put(new Numbered(1, 1));
        inbox.put(new Numbered(1, 2));

        assertThat(inbox.drainTo(queue)).isEqualTo(3);
        queue.add(new Numbered(2, 0));

        var labels = new ArrayList<String>();
        for (Node node = queue.poll(); node != null; node = queue.poll()) {
            labels.add(node.label());
        }
        assertThat(labels).containsExactly("0/0", "1/0", "1/1", "1/2", "2/0");
        assertThat(queue.isEmpty()).isTrue();
        assertThat(inbox.isEmpty()).isTrue();
        assertThat(taken(inbox)).isEmpty();
    }

    @Test
    void whoever_sleeps_has_an_empty_inbox_until_the_next_one_comes() {
        assertThat(inbox.fallAsleep()).isTrue();
        assertThat(inbox.isEmpty()).isTrue();
        assertThat(taken(inbox)).isEmpty();

        inbox.put(new Numbered(0, 0));
        inbox.put(new Numbered(0, 1));
        inbox.awake();

        assertThat(wakeUps).as("by the first alone").hasValue(1);
        assertThat(inbox.fallAsleep()).as("with something in").isFalse();
        assertThat(taken(inbox)).containsExactly("0/0", "0/1");
        assertThat(inbox.fallAsleep()).isTrue();
    }

    @Test
    void after_the_close_nothing_gets_in_and_what_was_in_has_been_discarded_once() {
        var early = new Numbered(0, 0);
        var late = new Numbered(0, 1);
        assertThat(inbox.put(early)).isTrue();

        inbox.close(Node::discard);
        inbox.close(Node::discard);

        assertThat(inbox.put(late)).isFalse();
        assertThat(early.discards).hasValue(1);
        assertThat(late.discards).as("that is up to the sender").hasValue(0);
        assertThat(late.next).isNull();
        assertThat(inbox.isEmpty()).isTrue();
        assertThat(taken(inbox)).isEmpty();
        assertThat(inbox.fallAsleep()).isFalse();
    }

    @Test
    @Tag("slow")
    void many_senders_against_one_loop_that_takes_and_closes() throws Exception {
        for (int round = 0; round < 20; round++) {
            var contended = new Inbox(wakeUps::incrementAndGet);
            var refused = new AtomicBoolean();
            var senders = new ArrayList<Outside<List<Numbered>>>();
            for (int s = 0; s < 3; s++) {
                int sender = s;
                senders.add(Outside.start(() -> {
                    var accepted = new ArrayList<Numbered>();
                    for (int i = 0; i < 20_000; i++) {
                        var node = new Numbered(sender, i);
                        if (!contended.put(node)) {
                            refused.set(true);
                            return accepted;
                        }
                        accepted.add(node);
                    }
                    return accepted;
                }));
            }
            int[] next = new int[senders.size()];
            var queue = new NodeQueue();
            boolean last = false;
            while (!last) {
                // Half of the rounds close while senders are still sending.
                last = senders.stream().allMatch(Outside::done) || (round % 2 == 1 && next[0] > 5_000);
                contended.drainTo(queue);
                for (Node node = queue.poll(); node != null; node = queue.poll()) {
                    var numbered = (Numbered) node;
                    assertThat(numbered.number).isEqualTo(next[numbered.sender]++);
                }
            }
            contended.close(Node::discard);

            for (int s = 0; s < senders.size(); s++) {
                List<Numbered> accepted = senders.get(s).result();
                for (Numbered node : accepted) {
                    assertThat(node.discards.get()).isEqualTo(node.number < next[s] ? 0 : 1);
                }
                assertThat(accepted.size()).isGreaterThanOrEqualTo(next[s]);
                if (round % 2 == 0) {
                    assertThat(next[s]).isEqualTo(20_000);
                }
            }
            assertThat(refused.get()).isIn(round % 2 == 0 ? List.of(false) : List.of(false, true));
        }
    }
}
