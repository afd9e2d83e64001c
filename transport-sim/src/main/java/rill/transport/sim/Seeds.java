package rill.transport.sim;

import java.util.function.Function;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Which seeds to run.
 *
 * @param first the first of all processes
 * @param count how many in all processes
 * @param enough how many, if no property says otherwise, are meant to bring about whatever has to happen sometimes
 * @param shard which part is this process's: 1 to {@code shards}
 * @param shards in how many parts the seeds are split, in turn
 */
record Seeds(long first, long count, long enough, int shard, int shards) {
    /** Returns what the annotation says, unless the properties say otherwise. */
    static Seeds of(long first, long count, Function<String, @Nullable String> property) {
        String only = property.apply("rill.seed");
        if (only != null) {
            return new Seeds(number("rill.seed", only), 1, count, 1, 1);
        }
        String many = property.apply("rill.seeds");
        long wanted = many == null ? count : number("rill.seeds", many);
        if (wanted <= 0) {
            throw new IllegalArgumentException("rill.seeds has to be positive, not " + wanted);
        }
        String part = property.apply("rill.shard");
        if (part == null) {
            return new Seeds(first, wanted, count, 1, 1);
        }
        String[] numbers = part.split("/", -1);
        long shard = numbers.length == 2 ? number("rill.shard", numbers[0]) : 0;
        long shards = numbers.length == 2 ? number("rill.shard", numbers[1]) : 0;
        if (shard < 1 || shards < shard || shards > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("rill.shard is a part of all, such as 2/4, not " + part);
        }
        return new Seeds(first, wanted, count, (int) shard, (int) shards);
    }

    private static long number(String name, String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " is a number, not " + text, e);
        }
    }

    /** Returns whether this process runs so many seeds that what never happens in them means something. */
    boolean areMany() {
        return count > 1 && (shards == 1 || count / shards >= enough);
    }

    LongStream stream() {
        return LongStream.range(0, count).filter(n -> n % shards == shard - 1).map(n -> first + n);
    }
}
