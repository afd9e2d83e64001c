package rill.codec;

/**
 * How much a RESP peer may send. Immutable; each method with a parameter gives a changed copy.
 *
 * @param bulkBytes of one bulk string
 * @param contentBytes of all bulk strings, lines and errors of one message together
 * @param elements of all arrays of one message together
 * @param depth how deep arrays may be nested; 1 is an array of scalars
 * @param lineBytes of a simple string, an error, or an inline command, without its ending
 */
public record RespLimits(int bulkBytes, int contentBytes, int elements, int depth, int lineBytes) {
    private static final int MEBI = 1024 * 1024;
    private static final int LARGEST = 1024 * MEBI;

    /** 64 MiB in all and in one bulk string, 1,048,576 elements, 32 arrays deep, lines of 64 KiB. */
    public static final RespLimits DEFAULT = new RespLimits(64 * MEBI, 64 * MEBI, MEBI, 32, 64 * 1024);

    /** Every limit is between 1 and 1 Gi; the depth at most 1,000. */
    public RespLimits {
        require("bulkBytes", bulkBytes, LARGEST);
        require("contentBytes", contentBytes, LARGEST);
        require("elements", elements, LARGEST);
        require("depth", depth, 1000);
        require("lineBytes", lineBytes, LARGEST);
    }

    private static void require(String name, int value, int largest) {
        if (value < 1 || value > largest) {
            throw new IllegalArgumentException(name + " is between 1 and " + largest + ", not " + value);
        }
    }

    /** With bulk strings of at most so many bytes. */
    public RespLimits bulkBytes(int limit) {
        return new RespLimits(limit, contentBytes, elements, depth, lineBytes);
    }

    /** With messages of at most so many bytes. */
    public RespLimits contentBytes(int limit) {
        return new RespLimits(bulkBytes, limit, elements, depth, lineBytes);
    }

    /** With messages of at most so many elements. */
    public RespLimits elements(int limit) {
        return new RespLimits(bulkBytes, contentBytes, limit, depth, lineBytes);
    }

    /** With arrays nested at most so deep. */
    public RespLimits depth(int limit) {
        return new RespLimits(bulkBytes, contentBytes, elements, limit, lineBytes);
    }

    /** With lines of at most so many bytes. */
    public RespLimits lineBytes(int limit) {
        return new RespLimits(bulkBytes, contentBytes, elements, depth, limit);
    }
}
