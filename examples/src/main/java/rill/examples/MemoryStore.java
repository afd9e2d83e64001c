package rill.examples;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import rill.codec.Reply;

/** Values under keys, some of which end at a certain time. Everybody who uses it is on one loop, so it needs no lock. */
final class MemoryStore {
    private final Map<ByteBuffer, Entry> entries = new HashMap<>();
    private final LongSupplier nanoTime;

    /** A value and, unless it is there for good, when it ends. */
    private record Entry(Reply.Bulk value, @Nullable Long deadline) {}

    MemoryStore(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    Reply.@Nullable Bulk get(byte[] key) {
        Entry entry = find(key);
        return entry == null ? null : entry.value;
    }

    boolean contains(byte[] key) {
        return find(key) != null;
    }

    void put(byte[] key, Reply.Bulk value) {
        entries.put(ByteBuffer.wrap(key), new Entry(value, null));
    }

    void put(byte[] key, Reply.Bulk value, long lifetimeNanos) {
        entries.put(ByteBuffer.wrap(key), new Entry(value, nanoTime.getAsLong() + lifetimeNanos));
    }

    /** Another value, with the deadline that the key has. */
    void replace(byte[] key, Reply.Bulk value) {
        Entry entry = find(key);
        entries.put(ByteBuffer.wrap(key), new Entry(value, entry == null ? null : entry.deadline));
    }

    boolean remove(byte[] key) {
        boolean found = contains(key);
        entries.remove(ByteBuffer.wrap(key));
        return found;
    }

    void clear() {
        entries.clear();
    }

    int size() {
        return entries.size();
    }

    private @Nullable Entry find(byte[] key) {
        Entry entry = entries.get(ByteBuffer.wrap(key));
        boolean ended = entry != null && entry.deadline != null && entry.deadline - nanoTime.getAsLong() <= 0;
        return ended ? null : entry;
    }
}
