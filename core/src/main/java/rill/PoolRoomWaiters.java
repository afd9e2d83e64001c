package rill;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Callers that wait until a pool would send a call at once. Each ready connection is asked for its {@code writable}, and the first one that is done
 * lets all of them continue. Made when the first caller has to wait. Confined to the pool's loop.
 */
final class PoolRoomWaiters<Q, A> {
    private final Loop loop;
    private final RoomWaiters waiting = new RoomWaiters();
    private final Set<Client<Q, A>> asked = Collections.newSetFromMap(new IdentityHashMap<>());

    PoolRoomWaiters(Loop loop) {
        this.loop = loop;
    }

    Future<@Nullable Void> add(Pool<Q, A> pool) {
        return waiting.add(loop, pool);
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Asks the connections that were not asked yet. */
    void ask(ReadyClients<Q, A> ready) {
        if (waiting.isEmpty()) {
            return;
        }
        for (Client<Q, A> each : ready.clients) {
            if (!asked.contains(each)) {
                Watch.on(loop, each.writable(), "room on ", each, said -> heard(each, said));
                asked.add(each);
            }
        }
    }

    private void heard(Client<Q, A> client, Future<?> said) {
        asked.remove(client);
        if (said.failure() == null) { // otherwise it has ended
            waiting.tell();
        }
    }

    void fail(Throwable why) {
        waiting.fail(why);
    }
}
