package rill.testkit.storm;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.testkit.storm.Step.Place;

/** A participant of a program whose code Rill calls: an end of a connection, a client, or a server. */
abstract class Actor {
    /** The numbers in {@link Step.Trap} from which on clients and servers are counted. */
    static final int CLIENTS = 100;

    static final int SERVERS = 200;

    /** A step of the program that is to be performed inside of user code. */
    private static final class Armed {
        final Place place;
        final Step then;
        int left;

        Armed(Place place, Step then, int left) {
            this.place = place;
            this.then = then;
            this.left = left;
        }
    }

    private final List<Armed> traps = new ArrayList<>(0);

    /** Whether the program has thrown in its code. */
    volatile boolean planted;

    final synchronized void arm(Place place, Step then, int nth) {
        traps.add(new Armed(place, then, nth));
    }

    final synchronized void disarm() {
        traps.clear();
    }

    /** Returns what is to be done at this place now, or null. */
    final synchronized @Nullable Step sprung(Place place) {
        for (int i = 0; i < traps.size(); i++) {
            Armed each = traps.get(i);
            if (each.place == place && each.left-- <= 0) {
                traps.remove(i);
                return each.then;
            }
        }
        return null;
    }
}
