package rill;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What whoever calls a pool may know, on any thread: the connections that take calls, and whether there might be more. Immutable. */
final class ReadyClients<Q, A> {
    final Client<Q, A>[] clients;
    final boolean mayGrow;

    /** The only one, if there is nothing to choose and nothing to ask for. */
    final @Nullable Client<Q, A> only;

    @SuppressWarnings({"unchecked", "rawtypes"})
    ReadyClients(List<Client<Q, A>> clients, boolean mayGrow) {
        this.clients = clients.toArray(new Client[0]);
        this.mayGrow = mayGrow;
        this.only = this.clients.length == 1 && !mayGrow ? this.clients[0] : null;
    }
}
