package rill.examples;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import rill.codec.resp.Command;
import rill.codec.resp.Reply;
import rill.codec.resp.RespVersion;

/**
 * A command and its arguments, which it checks as strictly as Redis does.
 *
 * @param version the version that its client speaks
 */
record RedisCall(Command command, RespVersion version) {
    private static final String LARGEST = String.valueOf(Long.MAX_VALUE);
    private static final Pattern INFINITE = Pattern.compile("[+-]?inf(inity)?", Pattern.CASE_INSENSITIVE);
    private static final Pattern FINITE = Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");

    /** Returns the first argument, which is a key in most commands. */
    byte[] key() {
        return command.bytes(1);
    }

    Reply.Bulk bulk(int index) {
        return Reply.bulk(command.bytes(index));
    }

    /** Checks the number of arguments. */
    RedisCall withArguments(int least, int most) {
        int arguments = command.size() - 1;
        if (arguments < least || arguments > most) {
            throw RefusedCommand.wrongNumber(command);
        }
        return this;
    }

    RedisCall withArguments(int exactly) {
        return withArguments(exactly, exactly);
    }

    RedisCall withAtLeast(int least) {
        return withArguments(least, Integer.MAX_VALUE);
    }

    /** Checks that the arguments after the first {@code before} come in pairs. */
    RedisCall withPairsAfter(int before) {
        withAtLeast(before + 2);
        if ((command.size() - 1 - before) % 2 != 0) {
            throw RefusedCommand.wrongNumber(command);
        }
        return this;
    }

    void forEachFrom(int first, Consumer<Reply.Bulk> action) {
        for (int i = first; i < command.size(); i++) {
            action.accept(bulk(i));
        }
    }

    /** Parses an integer without plus sign and leading zeros. */
    long number(int index) {
        return number(command.bytes(index));
    }

    static long number(byte[] digits) {
        String text = new String(digits, StandardCharsets.ISO_8859_1);
        try {
            long number = Long.parseLong(text);
            if (Long.toString(number).equals(text)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // thrown below
        }
        throw RefusedCommand.noInteger();
    }

    /** Parses a count, in an argument that may be missing: then it is 1. */
    int count(int index) {
        if (index >= command.size()) {
            return 1;
        }
        String text = command.string(index);
        boolean number = text.matches("0|[1-9][0-9]{0,18}");
        boolean tooLarge = text.length() == LARGEST.length() && text.compareTo(LARGEST) > 0;
        if (!number || tooLarge) {
            throw RefusedCommand.because("value is out of range, must be positive");
        }
        return (int) Math.min(Long.parseLong(text), Integer.MAX_VALUE); // nothing has more elements
    }

    double score(int index) {
        String text = command.string(index);
        if (INFINITE.matcher(text).matches()) {
            return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        double score = FINITE.matcher(text).matches() ? Double.parseDouble(text) : Double.NaN;
        if (Double.isNaN(score) || Double.isInfinite(score)) {
            throw RefusedCommand.because("value is not a valid float");
        }
        return score;
    }
}
