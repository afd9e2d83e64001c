package rill.codec.resp;

import java.util.function.Consumer;

/**
 * Limits of what a RESP peer may send, and in which forms. Immutable; each method with a parameter returns a changed copy.
 *
 * <p><b>Units:</b> a message costs its content (all its bulk strings, lines and errors) and {@link #ELEMENT_COST} bytes for each of its elements,
 * since a part of one byte takes many times that on the heap.
 */
public final class RespOptions {
    /**
     * What an element of an array or a part of a command costs in addition to its content, in bytes: its object, the header of its byte array, its
     * slot in a list. An estimate, close to the maximum on a JVM with compressed pointers.
     */
    public static final int ELEMENT_COST = 64;

    /** What a message needs in addition to its largest part: a name, a key, and the cost of four elements. */
    private static final int BESIDE = 4 * ELEMENT_COST + 64;

    private static final int MEBI = 1024 * 1024;
    private static final int LARGEST = 1024 * MEBI;

    private static final RespOptions DEFAULTS = new RespOptions(new Values());

    /** The fields of an instance. Changed only before the instance is made. */
    private static final class Values implements Cloneable {
        private int bulkBytes = 64 * MEBI;
        private int messageBytes = 128 * MEBI;
        private long unfinishedBytes = Math.max(MEBI, Runtime.getRuntime().maxMemory() / 4);
        private int elements = MEBI;
        private int depth = 32;
        private int lineBytes = 64 * 1024;
        private boolean inlineCommands = true;
        private int handOut = Integer.MAX_VALUE;

        @Override
        public Values clone() {
            try {
                return (Values) super.clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final Values values;

    private RespOptions(Values values) {
        this.values = values;
    }

    private RespOptions with(Consumer<Values> change) {
        Values copy = values.clone();
        change.accept(copy);
        return new RespOptions(copy);
    }

    /**
     * The defaults: bulk strings of 64 MiB, messages of 128 MiB, a quarter of the JVM's heap (at least 1 MiB) for unfinished messages, 1,048,576
     * elements, arrays nested 32 deep, lines of 64 KiB, inline commands accepted.
     */
    public static RespOptions defaults() {
        return DEFAULTS;
    }

    private static int required(String name, int value, int largest) {
        if (value < 1 || value > largest) {
            throw new IllegalArgumentException(name + " is between 1 and " + largest + ", not " + value);
        }
        return value;
    }

    // ---- values

    /** The limit of one bulk string, in bytes. */
    public int bulkBytes() {
        return values.bulkBytes;
    }

    /** The limit of what one message may cost. */
    public int messageBytes() {
        return values.messageBytes;
    }

    /** The limit of what the unfinished messages of all connections together may cost. */
    public long unfinishedBytes() {
        return values.unfinishedBytes;
    }

    /** The limit of the elements of one message, those of all its arrays together. */
    public int elements() {
        return values.elements;
    }

    /** The limit of the nesting of arrays; 1 is an array of scalars. */
    public int depth() {
        return values.depth;
    }

    /** The limit of a simple string, an error or an inline command, in bytes, without its ending. */
    public int lineBytes() {
        return values.lineBytes;
    }

    /** Whether a server accepts inline commands. */
    public boolean inlineCommands() {
        return values.inlineCommands;
    }

    /** The size in bytes from which a bulk string is handed out in a buffer; {@link Integer#MAX_VALUE} if none is. */
    public int handOut() {
        return values.handOut;
    }

    // ---- changed copies

    /** Limits a bulk string to this many bytes (up to 1 GiB), and raises the limit of a message so that it can carry one. */
    public RespOptions bulkBytes(int limit) {
        required("bulkBytes", limit, LARGEST);
        return with(copy -> {
            copy.bulkBytes = limit;
            copy.messageBytes = Math.max(copy.messageBytes, limit + BESIDE);
        });
    }

    /**
     * Limits what a message may cost.
     *
     * @throws IllegalArgumentException if such a message could not carry the largest bulk string or line together with a name and a key: it needs 320
     *     bytes more than {@link #bulkBytes()} and {@link #lineBytes()}
     */
    public RespOptions messageBytes(int limit) {
        int least = Math.max(bulkBytes(), lineBytes()) + BESIDE;
        if (limit < least) {
            throw new IllegalArgumentException("messageBytes is at least " + least + ", " + BESIDE
                    + " above bulkBytes and lineBytes, not " + limit);
        }
        return with(copy -> copy.messageBytes = limit);
    }

    /**
     * Limits what unfinished messages may cost together: those of all connections over one {@code Resp.server} or one {@code Resp.client}. A
     * connection that needs more fails with an {@link java.io.IOException}. What a connection holds is not counted while it is at most 16 KiB.
     */
    public RespOptions unfinishedBytes(long limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("unfinishedBytes is at least 1, not " + limit);
        }
        return with(copy -> copy.unfinishedBytes = limit);
    }

    /** Limits a message to this many elements. */
    public RespOptions elements(int limit) {
        required("elements", limit, LARGEST);
        return with(copy -> copy.elements = limit);
    }

    /** Limits the nesting of arrays, up to 1,000. */
    public RespOptions depth(int limit) {
        required("depth", limit, 1000);
        return with(copy -> copy.depth = limit);
    }

    /** Limits a line to this many bytes (up to 1 GiB), and raises the limit of a message so that it can carry one. */
    public RespOptions lineBytes(int limit) {
        required("lineBytes", limit, LARGEST);
        return with(copy -> {
            copy.lineBytes = limit;
            copy.messageBytes = Math.max(copy.messageBytes, limit + BESIDE);
        });
    }

    /**
     * Accepts inline commands or not. Without them, a command is an array and nothing else, so text of another protocol is refused at its first byte.
     */
    public RespOptions inlineCommands(boolean understood) {
        return with(copy -> copy.inlineCommands = understood);
    }

    /**
     * Hands out bulk strings of at least this many bytes as {@link Reply.BulkBuffer}, in the buffer they arrived in, instead of copying them. Only
     * those that are a whole reply; the receiver must release them. By default, every bulk string is a {@link Reply.Bulk}.
     */
    public RespOptions handOut(int fromBytes) {
        required("handOut", fromBytes, LARGEST);
        return with(copy -> copy.handOut = fromBytes);
    }

    /** Hands out nothing in buffers. */
    RespOptions copyAll() {
        return with(copy -> copy.handOut = Integer.MAX_VALUE);
    }

    @Override
    public String toString() {
        return "RespOptions[bulkBytes=" + bulkBytes() + ", messageBytes=" + messageBytes() + ", unfinishedBytes="
                + unfinishedBytes() + ", elements=" + elements() + ", depth=" + depth() + ", lineBytes=" + lineBytes()
                + ", inlineCommands=" + inlineCommands()
                + (handOut() == Integer.MAX_VALUE ? "" : ", handOut=" + handOut()) + "]";
    }
}
