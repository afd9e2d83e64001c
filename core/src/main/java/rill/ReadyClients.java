package rill;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What callers of a pool see, on any thread: the connections that take calls, and whether there might be more. Immutable. */
final class ReadyClients<Q, A> {
    final Client<Q, A>[] clients;
    final boolean mayGrow;

    /** The only connection, if there is no choice and no more can be requested. */
    final @Nullable Client<Q, A> only;

    @SuppressWarnings({"unchecked", "rawtypes"})
    ReadyClients(List<Client<Q, A>> clients, boolean mayGrow) {
        this.clients = clients.toArray(new Client[0]);
        this.mayGrow = mayGrow;
        this.only = this.clients.length == 1 && !mayGrow ? this.clients[0] : null;
    }
}
