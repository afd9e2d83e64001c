package rill.testkit.storm;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Future;
import rill.Loop;
import rill.LoopGroup;
import rill.LoopOptions;
import rill.Reporter;

/** The loops of a run, by their numbers in programs, each opened at its first use; and which of them are closing, and by whose doing. */
final class Loops {
    private final World world;
    private final Reporter reporter;
    private final Accounts accounts;
    private final @Nullable Loop[] all = new @Nullable Loop[Run.LOOPS + Run.MEMBERS];
    private final boolean[] closing = new boolean[Run.LOOPS + Run.MEMBERS];
    private final boolean[] closedEarly = new boolean[Run.LOOPS + Run.MEMBERS];
    private @Nullable LoopGroup group;

    Loops(World world, Reporter reporter, Accounts accounts) {
        this.world = world;
        this.reporter = reporter;
        this.accounts = accounts;
    }

    /** Returns the loop that a Future belongs to. */
    static Loop of(Future<?> future) {
        return (Loop) future.executor();
    }

    Loop get(int number) {
        Loop loop = all[number];
        if (loop == null) {
            loop = open(number);
            all[number] = loop;
            world.opened(loop, number);
        }
        return loop;
    }

    private Loop open(int number) {
        try {
            return Loop.open(options(number).name("L" + number));
        } catch (IOException e) {
            throw new IllegalStateException("loop " + number + " can't be opened", e);
        }
    }

    private LoopOptions options(int number) throws IOException {
        LoopOptions options = LoopOptions.defaults()
                .transport(world.transport(number))
                .slowHandle(Duration.ZERO)
                .reporter(reporter);
        return Accounts.observes(number) ? options.observer(accounts) : options;
    }

    /** Returns the group of loops, or null in a world that has none: in virtual time no threads are started. */
    @Nullable
    LoopGroup group() {
        if (group == null && !world.virtual()) {
            try {
                LoopGroup opened =
                        LoopGroup.open(Run.MEMBERS, options(Run.GROUP).name("G"));
                for (int i = 0; i < Run.MEMBERS; i++) {
                    all[Run.GROUP + i] = opened.loops().get(i);
                }
                group = opened;
            } catch (IOException e) {
                throw new IllegalStateException("a group can't be opened", e);
            }
        }
        return group;
    }

    /** Returns the loops that were opened. */
    List<Loop> opened() {
        var opened = new ArrayList<Loop>();
        for (Loop each : all) {
            if (each != null) {
                opened.add(each);
            }
        }
        return opened;
    }

    int numberOf(@Nullable Loop loop) {
        for (int i = 0; i < all.length; i++) {
            if (loop != null && all[i] == loop) {
                return i;
            }
        }
        return -1;
    }

    Loop another(Loop than) {
        int number = Math.max(0, numberOf(than));
        Loop other = get(number == 0 ? 1 : 0);
        return other.isClosed() ? than : other;
    }

    boolean closing(Loop loop) {
        int number = numberOf(loop);
        return loop.isClosed() || (number >= 0 && closing[number]);
    }

    /** Whether the program closed this loop, while everything else was still open. */
    boolean closedEarly(Loop loop) {
        int number = numberOf(loop);
        return number >= 0 && closedEarly[number];
    }

    /** Whether the program has closed a member of the group. */
    boolean memberClosed() {
        return closedEarly[Run.GROUP + Run.MEMBERS - 1];
    }

    boolean closingWanted(Loop loop) {
        int number = numberOf(loop);
        return number >= 0 && closing[number];
    }

    void closesEarly(int number) {
        closedEarly[number] = true;
        closing[number] = true;
    }

    void noteClosing(int number) {
        closing[number] = true;
    }

    /** Returns the channel of an end that a letter written now belongs to. */
    int source(Loop of) {
        Loop current = Loop.current();
        if (current == of) {
            return 0;
        }
        int number = Math.max(0, numberOf(current));
        return current == null ? 1 + world.thread() : number < Run.LOOPS ? 2 + number : 5 + number;
    }
}
