package rill.codec.resp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * What a RESP server answers. Holds no buffer: it may be kept, passed on, and used on any thread.
 *
 * <pre>
 * switch (reply) {
 *     case Reply.Bulk bulk -> bulk.string();
 *     case Reply.Null nothing -> "no such key";
 *     ...
 * }
 * </pre>
 *
 * <p><b>Source:</b> Redis documentation, "Redis serialization protocol specification", version 2.
 */
public sealed interface Reply {
    /** {@code +OK}. */
    Reply OK = new Simple("OK");

    /** {@code +PONG}. */
    Reply PONG = new Simple("PONG");

    /** {@code +QUEUED}: a command of a transaction has been accepted. */
    Reply QUEUED = new Simple("QUEUED");

    /** No value, as most commands say it. */
    Reply NULL = Null.BULK;

    /** An array of nothing. */
    Reply EMPTY = new Array(List.of());

    /** A number; small ones are not allocated. */
    static Int of(long number) {
        return Int.of(number);
    }

    /** A bulk string of these bytes, which are not copied. */
    static Bulk bulk(byte[] bytes) {
        return Bulk.of(bytes);
    }

    /** A bulk string of a text in UTF-8. */
    static Bulk bulk(String text) {
        return Bulk.of(text.getBytes(StandardCharsets.UTF_8));
    }

    /** An array. */
    static Array array(Reply... elements) {
        return new Array(List.of(elements));
    }

    /**
     * This reply, unless it is an error.
     *
     * @throws RespException if it is {@link Failed}
     */
    Reply orThrow() throws RespException; // not a default method: initializing a reply's class must not need this one's

    /**
     * A status, on one line.
     *
     * @param text without CR and LF; bytes that are not UTF-8 were replaced
     */
    record Simple(String text) implements Reply {
        @Override
        public Simple orThrow() {
            return this;
        }
    }

    /**
     * An error, on one line.
     *
     * @param message without CR and LF; bytes that are not UTF-8 were replaced
     */
    record Failed(String message) implements Reply {
        /** The first word, such as {@code ERR} or {@code WRONGTYPE}. */
        public String code() {
            int space = message.indexOf(' ');
            return space < 0 ? message : message.substring(0, space);
        }

        @Override
        public Reply orThrow() throws RespException {
            throw new RespException(this);
        }
    }

    /**
     * A number.
     *
     * @param number what it says
     */
    record Int(long number) implements Reply {
        private static final int LOWEST = -128;
        private static final int HIGHEST = 1023;
        private static final Int[] SMALL = new Int[HIGHEST - LOWEST + 1];

        static {
            Arrays.setAll(SMALL, i -> new Int(i + LOWEST));
        }

        /** A number; small ones are not allocated. */
        static Int of(long number) {
            return number >= LOWEST && number <= HIGHEST ? SMALL[(int) number - LOWEST] : new Int(number);
        }

        @Override
        public Int orThrow() {
            return this;
        }
    }

    /** Bytes of any kind. */
    final class Bulk implements Reply {
        private static final Bulk EMPTY = new Bulk(new byte[0]);
        private static final int SHOWN = 64;

        private final byte[] content;

        private Bulk(byte[] content) {
            this.content = content;
        }

        static Bulk of(byte[] content) {
            return content.length == 0 ? EMPTY : new Bulk(content);
        }

        /** The bytes themselves, not a copy. */
        public byte[] bytes() {
            return content;
        }

        /** The bytes as text in UTF-8; malformed ones are replaced. */
        public String string() {
            return new String(content, StandardCharsets.UTF_8);
        }

        /** How many bytes. */
        public int length() {
            return content.length;
        }

        @Override
        public Bulk orThrow() {
            return this;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Bulk that && Arrays.equals(content, that.content);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(content);
        }

        @Override
        public String toString() {
            return content.length <= SHOWN ? "Bulk[" + string() + "]" : "Bulk[" + content.length + " bytes]";
        }
    }

    /** No value. RESP 2 has two ways to say that. */
    enum Null implements Reply {
        /** {@code $-1}. */
        BULK,
        /** {@code *-1}. */
        ARRAY;

        @Override
        public Null orThrow() {
            return this;
        }

        @Override
        public String toString() {
            return "Null[" + name() + "]";
        }
    }

    /**
     * An array.
     *
     * @param elements unmodifiable
     */
    record Array(List<Reply> elements) implements Reply {
        /** Copies the list if it might change. */
        public Array {
            elements = List.copyOf(elements);
        }

        @Override
        public Array orThrow() {
            return this;
        }
    }
}
