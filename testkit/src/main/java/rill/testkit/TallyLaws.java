package rill.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import rill.spi.Selector;
import rill.spi.Tally;

/** What a Selector reports about its own work. A Selector that reports nothing keeps these laws. */
abstract class TallyLaws extends StoryLaws {
    private static final int MESSAGES = 20;

    /** What was reported, and what had arrived by then. */
    private static final class Told implements Tally {
        int reads;
        int writes;
        int awakenings;

        @Override
        public void read() {
            reads++;
        }

        @Override
        public void written() {
            writes++;
        }

        @Override
        public void awake() {
            awakenings++;
        }

        boolean nothing() {
            return reads == 0 && writes == 0;
        }
    }

    private Told ask() {
        var told = new Told();
        rig().side().selector().tellInto(told);
        return told;
    }

    @Test
    @Holds(in = Tally.class, value = "The system was asked once for the bytes of a Wire, whatever the result.")
    void each_read_and_each_write_of_messages_that_come_one_by_one_is_told() throws IOException {
        Told told = ask();
        Rig.Pair pair = rig().connect();
        for (int i = 1; i <= MESSAGES; i++) {
            int expected = i;
            pair.client().write("x").flush();
            rig().until("a byte arrives", () -> pair.server().read() == expected);
        }
        if (!told.nothing()) { // otherwise it does not count
            assertTrue(
                    told.reads >= MESSAGES && told.reads <= 4 * MESSAGES,
                    () -> MESSAGES + " messages of a byte were read one by one, and " + told.reads + " reads told");
            assertTrue(
                    told.writes >= MESSAGES && told.writes <= 2 * MESSAGES,
                    () -> MESSAGES + " messages of a byte were written one by one, and " + told.writes
                            + " writes told");
        }
    }

    @Test
    @Holds(in = Tally.class, value = "Bytes of a Wire were passed to the system once, however many it took.")
    void where_nothing_is_read_or_written_nothing_is_told() throws IOException {
        Told told = ask();
        Rig.Pair pair = rig().connect();
        pair.client().write("x").flush();
        rig().until("it arrives", () -> pair.server().read() == 1);
        rig().quiet();
        int reads = told.reads;
        int writes = told.writes;
        for (int i = 0; i < MESSAGES; i++) {
            rig().side().select(0);
            pair.client().flush();
            pair.client().retry();
        }
        assertEquals(reads, told.reads, "reads were told of a connection on which nothing has come");
        assertEquals(writes, told.writes, "writes were told of a connection that was given nothing");
    }

    @Test
    @Holds(in = Tally.class, value = "A Selector.select that may wait has waited, and continues by delivering events")
    void a_select_that_may_wait_tells_once_when_it_has_and_before_it_delivers() throws IOException {
        Told told = ask();
        Rig.Pair pair = rig().connect();
        rig().quiet();
        int before = told.awakenings;
        rig().side().select(0);
        assertEquals(before, told.awakenings, "a select that can't wait has told that it has waited");
        rig().side().select(TimeUnit.MILLISECONDS.toNanos(5));
        int each = told.awakenings - before;
        assertTrue(each <= 1, () -> "a select has told " + each + " times that it has waited");
        var late = new boolean[1];
        var first = new Tally() {
            @Override
            public void read() {}

            @Override
            public void written() {}

            @Override
            public void awake() {
                late[0] |= pair.server().read() > 0;
            }
        };
        rig().side().selector().tellInto(first);
        pair.client().write("x").flush();
        rig().until("it arrives", () -> pair.server().read() == 1);
        assertTrue(!late[0], "a select has told that it has waited after it has delivered something");
    }

    @Test
    @Holds(in = Selector.class, value = "A Selector that does not count keeps this default")
    void to_ask_a_selector_what_it_does_changes_nothing() throws IOException {
        Rig.Pair pair = rig().connect();
        Told told = ask();
        pair.client().write("before").flush();
        rig().until("it arrives", () -> pair.server().read() == 6);
        rig().side().selector().tellInto(Tally.NONE);
        int reads = told.reads;
        pair.client().write("after").flush();
        rig().until("it arrives", () -> pair.server().read() == 11);
        assertEquals(reads, told.reads, "reads were told to one that is not to be told any more");
    }
}
