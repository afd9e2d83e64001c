package rill.examples;

import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import rill.codec.resp.Reply;

/** Values by key, some of which expire. All users are on one loop, so it needs no lock. */
final class MemoryStore {
    private final Map<Reply.Bulk, Entry> entries = new HashMap<>();
    private final LongSupplier nanoTime;

    /** A value and, unless it never expires, its deadline. */
    private record Entry(Value value, @Nullable Long deadline) {}

    MemoryStore(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    @Nullable
    Value get(byte[] key) {
        Entry entry = find(key);
        return entry == null ? null : entry.value;
    }

    /** Returns the value of a key, which must be of this type; null if there is none. */
    <T extends Value> @Nullable T get(byte[] key, Class<T> type) {
        Value value = get(key);
        if (value != null && !type.isInstance(value)) {
            throw RefusedCommand.wrongType();
        }
        return type.cast(value);
    }

    /** Returns the value of a key, which is created if there is none. */
    <T extends Value> T getOrMake(byte[] key, Class<T> type, Supplier<T> made) {
        T value = get(key, type);
        if (value == null) {
            value = made.get();
            put(key, value);
        }
        return value;
    }

    boolean contains(byte[] key) {
        return find(key) != null;
    }

    void put(byte[] key, Value value) {
        entries.put(Reply.bulk(key), new Entry(value, null));
    }

    void put(byte[] key, Value value, long lifetimeNanos) {
        entries.put(Reply.bulk(key), new Entry(value, nanoTime.getAsLong() + lifetimeNanos));
    }

    /** Stores another value, and keeps the deadline of the key. */
    void replace(byte[] key, Value value) {
        Entry entry = find(key);
        entries.put(Reply.bulk(key), new Entry(value, entry == null ? null : entry.deadline));
    }

    boolean remove(byte[] key) {
        boolean found = contains(key);
        entries.remove(Reply.bulk(key));
        return found;
    }

    /** Removes the key if its value is empty. */
    void removeIfEmpty(byte[] key, Value value) {
        if (value.isEmpty()) {
            entries.remove(Reply.bulk(key));
        }
    }

    void clear() {
        entries.clear();
    }

    int size() {
        return entries.size();
    }

    private @Nullable Entry find(byte[] key) {
        Entry entry = entries.get(Reply.bulk(key));
        if (entry != null && entry.deadline != null && entry.deadline - nanoTime.getAsLong() <= 0) {
            entries.remove(Reply.bulk(key));
            return null;
        }
        return entry;
    }
}
