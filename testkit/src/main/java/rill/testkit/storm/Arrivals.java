package rill.testkit.storm;

import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The letters that have arrived at one end of a connection: whether they are what the other end has written, in order and without a gap.
 *
 * <p><b>Threading:</b> the loop. What other threads read is published by the count.
 */
final class Arrivals {
    private final End end;
    private final Run run;
    private final int[] expected = new int[End.SOURCES];
    private final Set<Integer> owed = new HashSet<>(0); // letters that arrived for receives that were given up
    private final Set<Integer> perhaps = new HashSet<>(0); // … or were never written
    private long ownCount; // on the loop
    private volatile long count; // for others
    private boolean answer; // whether the last letter was an answer

    Arrivals(End end) {
        this.end = end;
        this.run = end.run;
    }

    /**
     * A letter has arrived.
     *
     * @param inVain how many receives were given up while later ones were pending: a letter that arrives for one of those is delivered later than it
     *     should be
     * @return whether it is the next one, and has to be acted on
     */
    boolean accepts(Letter letter, int inVain) {
        End from = run.actorOf(letter, false) instanceof End writer ? writer : null;
        int source = letter.channel % End.SOURCES;
        run.trace(letter.channel * 1000 + letter.number);
        if (from == null || from != end.peer()) {
            run.ledger().violated(4, end + " has received " + letter + ", which was not written to it");
            return false;
        }
        int next = expected[source];
        if (letter.number < next) {
            int key = key(source, letter.number);
            if (!owed.remove(key) && !perhaps.remove(key)) {
                run.ledger().violated(1, end + " has received " + letter + " again, or out of order; next is " + next);
            }
            return false;
        }
        for (int missing = next; missing < letter.number; missing++) {
            isMissing(from, source, missing, inVain, letter);
        }
        expected[source] = letter.number + 1;
        ownCount++;
        count = ownCount; // publishes the other fields as well
        answer = letter.first == End.ECHO;
        return true;
    }

    private void isMissing(End from, int source, int number, int inVain, Letter before) {
        if (from.rubbish || from.sending().mayBeMissing(source, number)) {
            if (inVain > owed.size()) {
                perhaps.add(key(source, number));
            }
        } else if (inVain > owed.size()) {
            owed.add(key(source, number)); // it arrived for a receive that was given up, and goes to a later one
        } else {
            run.ledger()
                    .violated(
                            1,
                            end + " has received " + before + " and not number " + number
                                    + " before it, which was accepted, or whose failure did not end the connection");
        }
    }

    private static int key(int source, int number) {
        return source << 24 | number;
    }

    /** Whether the last letter was an answer to one that this end had sent. */
    boolean lastIsAnswer() {
        return answer;
    }

    // ---- for others

    long count() {
        return count;
    }

    /** Returns the number of the next letter in this channel. */
    int expected(int source) {
        return count < 0 ? 0 : expected[source]; // the count is read for what it publishes
    }

    /** Returns the letters that are missing because the receives that they arrived for were given up; null if there are none. */
    @Nullable
    String owed() {
        return count < 0 || owed.isEmpty() ? null : "which came for a receive that was given up: " + owed;
    }
}
