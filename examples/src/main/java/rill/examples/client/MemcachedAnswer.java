package rill.examples.client;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What memcached answers. */
sealed interface MemcachedAnswer {
    /** The answers of one word. */
    enum Status {
        STORED,
        NOT_STORED,
        EXISTS,
        NOT_FOUND,
        DELETED
    }

    /** One word. */
    record Of(Status status) implements MemcachedAnswer {}

    /** A number, without sign. */
    record Counted(long number) implements MemcachedAnswer {}

    /** An error, in the server's words. */
    record Refused(String message) implements MemcachedAnswer {}

    /** What was found of what was asked for. */
    record Values(List<Value> values) implements MemcachedAnswer {}

    /**
     * A value that was found.
     *
     * @param data only to be read, by absolute index or in a duplicate
     * @param unique changes whenever the value does
     */
    record Value(String key, long flags, ByteBuffer data, long unique) {
        byte[] bytes() {
            byte[] bytes = new byte[data.remaining()];
            data.duplicate().get(bytes);
            return bytes;
        }

        /** In UTF-8. */
        String text() {
            return new String(bytes(), StandardCharsets.UTF_8);
        }

        @Override
        public String toString() {
            return "Value[" + key + ", " + data.remaining() + " bytes]";
        }
    }
}
