package rill.codec.resp;

import java.util.function.Consumer;

/**
 * How much a RESP peer may send, and in which forms. Immutable; each method with a parameter gives a changed copy.
 *
 * <p><b>Units:</b> a message costs its content (all its bulk strings, lines and errors) and
 * {@link #ELEMENT_COST} bytes for each of its elements, since a part of one byte takes many times that on the heap.
 */
public final class RespOptions {
    /**
     * What an element of an array or a part of a command is taken to cost beside its content, in bytes: its object, the
     * header of its bytes, its place in a list. An estimate, nearly the most that it takes on a JVM with compressed
     * pointers.
     */
    public static final int ELEMENT_COST = 64;

    /** What a message needs beside its largest part: a name, a key, and what four elements cost. */
    private static final int BESIDE = 4 * ELEMENT_COST + 64;

    private static final int MEBI = 1024 * 1024;
    private static final int LARGEST = 1024 * MEBI;

    private static final RespOptions DEFAULTS = new RespOptions(new Values());

    /** What an instance holds. Changed only before it has one. */
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
     * Bulk strings of 64 MiB, messages of 128 MiB, a quarter of the JVM's heap for what is unfinished, 1,048,576 elements,
     * arrays 32 deep, lines of 64 KiB; inline commands are understood.
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

    // ---- what it says

    /** How many bytes one bulk string may have. */
    public int bulkBytes() {
        return values.bulkBytes;
    }

    /** What one message may cost. */
    public int messageBytes() {
        return values.messageBytes;
    }

    /** What the unfinished messages of all connections together may cost. */
    public long unfinishedBytes() {
        return values.unfinishedBytes;
    }

    /** How many elements one message may have, those of all its arrays together. */
    public int elements() {
        return values.elements;
    }

    /** How deep arrays may be nested; 1 is an array of scalars. */
    public int depth() {
        return values.depth;
    }

    /** How many bytes a simple string, an error or an inline command may have, without its ending. */
    public int lineBytes() {
        return values.lineBytes;
    }

    /** Whether a server takes commands that are words on a line. */
    public boolean inlineCommands() {
        return values.inlineCommands;
    }

    /** From how many bytes on a bulk string is handed out in a buffer; {@link Integer#MAX_VALUE} if none is. */
    public int handOut() {
        return values.handOut;
    }

    // ---- changed copies

    /** With bulk strings of at most so many bytes (up to 1 GiB), and messages that can carry one. */
    public RespOptions bulkBytes(int limit) {
        required("bulkBytes", limit, LARGEST);
        return with(copy -> {
            copy.bulkBytes = limit;
            copy.messageBytes = Math.max(copy.messageBytes, limit + BESIDE);
        });
    }

    /**
     * With messages that cost at most so much.
     *
     * @throws IllegalArgumentException if such a message could not carry the largest bulk string or line, with a name and a
     *     key beside it: 320 bytes more than {@link #bulkBytes()} and {@link #lineBytes()} are enough
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
     * With unfinished messages that cost at most so much together: those of all connections over one {@code Resp.server}, or
     * over one {@code Resp.client}. The connection that wants more fails with an {@link java.io.IOException}. What a
     * connection holds up to 16 KiB is not counted.
     */
    public RespOptions unfinishedBytes(long limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("unfinishedBytes is at least 1, not " + limit);
        }
        return with(copy -> copy.unfinishedBytes = limit);
    }

    /** With messages of at most so many elements. */
    public RespOptions elements(int limit) {
        required("elements", limit, LARGEST);
        return with(copy -> copy.elements = limit);
    }

    /** With arrays nested at most so deep, up to 1,000. */
    public RespOptions depth(int limit) {
        required("depth", limit, 1000);
        return with(copy -> copy.depth = limit);
    }

    /** With lines of at most so many bytes (up to 1 GiB), and messages that can carry one. */
    public RespOptions lineBytes(int limit) {
        required("lineBytes", limit, LARGEST);
        return with(copy -> {
            copy.lineBytes = limit;
            copy.messageBytes = Math.max(copy.messageBytes, limit + BESIDE);
        });
    }

    /**
     * With inline commands, or without: then a command is an array and nothing else. Without them text of another protocol is
     * refused at its first byte, whatever it says.
     */
    public RespOptions inlineCommands(boolean understood) {
        return with(copy -> copy.inlineCommands = understood);
    }

    /**
     * With bulk strings of at least so many bytes, where they are a reply of their own, handed out as {@link Reply.BulkBuffer}, in the buffer that
     * they came in, instead of copied. Whoever receives one releases it. Unless this is said, all are {@link Reply.Bulk}.
     */
    public RespOptions handOut(int fromBytes) {
        required("handOut", fromBytes, LARGEST);
        return with(copy -> copy.handOut = fromBytes);
    }

    /** Without handing anything out. */
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
