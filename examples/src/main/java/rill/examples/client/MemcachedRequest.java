package rill.examples.client;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

/** A request to memcached. Keys are 1 to 250 visible ASCII characters. */
sealed interface MemcachedRequest {
    int LONGEST_KEY = 250;

    /** Beyond this many seconds memcached takes a lifetime for a date. */
    long LONGEST_LIFETIME_SECONDS = 60 * 60 * 24 * 30;

    /** Returns what failures show of the request: only the command. */
    String name();

    /** The values of some keys. */
    record Get(List<String> keys) implements MemcachedRequest {
        public Get {
            keys = List.copyOf(keys);
            if (keys.isEmpty()) {
                throw new IllegalArgumentException("there is no key to be asked for");
            }
            keys.forEach(MemcachedRequest::requireKey);
        }

        @Override
        public String name() {
            return "get";
        }
    }

    /**
     * Stores a value.
     *
     * @param name {@code set}, {@code add} or {@code cas}
     * @param data the bytes, which must not be changed; read by absolute index or in a duplicate
     * @param unique the number that was read, for {@code cas}
     */
    record Store(String name, String key, ByteBuffer data, Duration lifetime, long unique) implements MemcachedRequest {
        public Store {
            requireKey(key);
            if (lifetime.isNegative() || lifetime.compareTo(Duration.ofSeconds(LONGEST_LIFETIME_SECONDS)) > 0) {
                throw new IllegalArgumentException("a lifetime is at most 30 days, not " + lifetime);
            }
        }

        /** Returns the lifetime in whole seconds, rounded up: 0 would mean without expiry. */
        long seconds() {
            return lifetime.plusSeconds(1).minusNanos(1).toSeconds();
        }
    }

    /** Removes a value. */
    record Delete(String key) implements MemcachedRequest {
        public Delete {
            requireKey(key);
        }

        @Override
        public String name() {
            return "delete";
        }
    }

    /** Adds to a number, or subtracts from it. */
    record Add(String key, long difference) implements MemcachedRequest {
        public Add {
            requireKey(key);
        }

        @Override
        public String name() {
            return difference < 0 ? "decr" : "incr";
        }
    }

    private static void requireKey(String key) {
        boolean visible =
                !key.isEmpty() && key.length() <= LONGEST_KEY && key.chars().allMatch(c -> c > ' ' && c < 0x7F);
        if (!visible) { // a space or a line end in it would start another request
            throw new IllegalArgumentException("a key is 1 to 250 visible characters of ASCII, not '" + key + "'");
        }
    }
}
