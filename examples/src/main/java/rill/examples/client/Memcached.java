package rill.examples.client;

import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import rill.Client;
import rill.ClientProtocol;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.ProtocolException;
import rill.examples.client.MemcachedAnswer.Status;
import rill.examples.client.MemcachedAnswer.Value;

/**
 * A client of memcached, in its text protocol: answers arrive in the order of the requests. It never uses {@code noreply}, since an error would be
 * answered nevertheless, and be taken for the answer to the next request.
 *
 * <p><b>Errors:</b> an error of the server is a {@link RefusedException}; a call without an answer fails as a call of a {@link Client} does.
 *
 * <p><b>Source:</b> memcached, {@code doc/protocol.txt}.
 */
final class Memcached implements AutoCloseable {
    /** The server has answered with an error; the connection is still usable. */
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    static final Pipeline<MemcachedAnswer, MemcachedRequest> PIPELINE = Pipeline.of(new MemcachedCodec());

    private static final ClientProtocol<MemcachedRequest, MemcachedAnswer> PROTOCOL = ClientProtocol.inOrder(PIPELINE)
            .deadline(Duration.ofSeconds(2)) // a slower cache is of no use
            .naming(MemcachedRequest::name);

    private final Client<MemcachedRequest, MemcachedAnswer> client;

    private Memcached(Client<MemcachedRequest, MemcachedAnswer> client) {
        this.client = client;
    }

    static Future<Memcached> connect(Loop loop, SocketAddress address) {
        return loop.connect(address, PROTOCOL).map(Memcached::new);
    }

    // ---- reading

    /** Returns a value, or null if there is none. Any thread, as all other methods. */
    Future<@Nullable Value> get(String key) {
        return values(List.of(key)).map(found -> found.get(key));
    }

    /** Returns the values of those keys that have one, each with what {@link #replace} needs. */
    Future<Map<String, Value>> values(List<String> keys) {
        return client.call(new MemcachedRequest.Get(keys)).map(answer -> {
            if (!(answer instanceof MemcachedAnswer.Values values)) {
                throw unexpected(answer);
            }
            var found = new LinkedHashMap<String, Value>();
            values.values().forEach(value -> found.put(value.key(), value));
            return found;
        });
    }

    // ---- writing

    /** Stores a value for this long; zero means without expiry. */
    Future<@Nullable Void> set(String key, byte[] data, Duration lifetime) {
        return store("set", key, data, lifetime, 0).map(status -> {
            requireStatus(status, Status.STORED);
            return null;
        });
    }

    /** Stores a value if there is none; returns whether it was stored. */
    Future<Boolean> add(String key, byte[] data, Duration lifetime) {
        return store("add", key, data, lifetime, 0).map(answer -> isFirst(answer, Status.STORED, Status.NOT_STORED));
    }

    /** Replaces a value that was read, unless it has changed since; returns whether it was replaced. */
    Future<Boolean> replace(Value before, byte[] data, Duration lifetime) {
        return store("cas", before.key(), data, lifetime, before.unique()).map(answer -> {
            if (answer instanceof MemcachedAnswer.Of(Status status) && status == Status.NOT_FOUND) {
                return false;
            }
            return isFirst(answer, Status.STORED, Status.EXISTS);
        });
    }

    Future<Boolean> delete(String key) {
        return client.call(new MemcachedRequest.Delete(key))
                .map(answer -> isFirst(answer, Status.DELETED, Status.NOT_FOUND));
    }

    /** Adds to a number, which is never below 0 and wraps at 64 bits; returns null if there is none. */
    Future<@Nullable Long> add(String key, long difference) {
        return client.call(new MemcachedRequest.Add(key, difference)).map(answer -> switch (answer) {
            case MemcachedAnswer.Counted(long number) -> number;
            case MemcachedAnswer.Of(Status status) when status == Status.NOT_FOUND -> null;
            default -> throw unexpected(answer);
        });
    }

    private Future<MemcachedAnswer> store(String how, String key, byte[] data, Duration lifetime, long unique) {
        return client.call(new MemcachedRequest.Store(how, key, ByteBuffer.wrap(data.clone()), lifetime, unique));
    }

    // ---- answers

    private boolean isFirst(MemcachedAnswer answer, Status first, Status second) throws IOException {
        if (answer instanceof MemcachedAnswer.Of(Status status) && (status == first || status == second)) {
            return status == first;
        }
        throw unexpected(answer);
    }

    private void requireStatus(MemcachedAnswer answer, Status expected) throws IOException {
        if (!answer.equals(new MemcachedAnswer.Of(expected))) {
            throw unexpected(answer);
        }
    }

    private IOException unexpected(MemcachedAnswer answer) {
        if (answer instanceof MemcachedAnswer.Refused(String message)) {
            return new RefusedException(message);
        }
        var _ = client.abort(); // the next answer may be another call's
        return new ProtocolException("an answer of another kind than its request has: " + answer);
    }

    @Override
    public void close() {
        client.close();
    }

    Future<@Nullable Void> closed() {
        return client.closed();
    }
}
