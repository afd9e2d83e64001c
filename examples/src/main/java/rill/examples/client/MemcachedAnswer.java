package rill.examples.client;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** An answer of memcached. */
sealed interface MemcachedAnswer {
    /** Answers of one word. */
    enum Status {
        STORED,
        NOT_STORED,
        EXISTS,
        NOT_FOUND,
        DELETED
    }

    /** An answer of one word. */
    record Of(Status status) implements MemcachedAnswer {}

    /** A number, unsigned. */
    record Counted(long number) implements MemcachedAnswer {}

    /** An error, in the server's words. */
    record Refused(String message) implements MemcachedAnswer {}

    /** The values found. */
    record Values(List<Value> values) implements MemcachedAnswer {}

    /**
     * A value that was found.
     *
     * @param data the bytes, which must not be changed; read by absolute index or in a duplicate
     * @param unique a number that changes whenever the value does
     */
    record Value(String key, long flags, ByteBuffer data, long unique) {
        byte[] bytes() {
            byte[] bytes = new byte[data.remaining()];
            data.duplicate().get(bytes);
            return bytes;
        }

        /** Returns the data as UTF-8. */
        String text() {
            return new String(bytes(), StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return "Value[" + key + ", " + data.remaining() + " bytes]";
        }
    }
}
