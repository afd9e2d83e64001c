package rill.testkit;

import java.util.Arrays;
import java.util.Random;

/** Makes broken input out of valid input. */
final class Mutations {
    /** Bytes with a meaning in many protocols. */
    private static final String TELLING = "\r\n+-:;,=$*/0159 \t\0\"'\\{}[]\u0080\u00ff";

    private Mutations() {}

    /** Returns a copy with a few random changes. */
    static byte[] mutated(byte[] sample, Random random) {
        byte[] bytes = sample;
        for (int n = 1 + random.nextInt(3); n > 0; n--) {
            bytes = once(bytes, random);
        }
        return bytes;
    }

    private static byte[] once(byte[] bytes, Random random) {
        if (bytes.length == 0) {
            return new byte[] {(byte) random.nextInt(256)};
        }
        int at = random.nextInt(bytes.length);
        return switch (random.nextInt(7)) {
            case 0 -> changed(bytes, at, random.nextInt(256));
            case 1 -> changed(bytes, at, TELLING.charAt(random.nextInt(TELLING.length())));
            case 2 -> changed(bytes, at, bytes[at] ^ (1 << random.nextInt(8)));
            case 3 -> Arrays.copyOf(bytes, at); // the end is missing
            case 4 -> joined(bytes, at, at + 1); // a byte is missing
            case 5 -> joined(bytes, at + 1, at); // a byte is duplicated
            default -> joined(bytes, at + random.nextInt(bytes.length - at) + 1, at); // a piece is duplicated
        };
    }

    private static byte[] changed(byte[] bytes, int at, int to) {
        byte[] changed = bytes.clone();
        changed[at] = (byte) to;
        return changed;
    }

    /** Returns the bytes before {@code end}, followed by those from {@code start} on. */
    private static byte[] joined(byte[] bytes, int end, int start) {
        byte[] all = Arrays.copyOf(bytes, end + bytes.length - start);
        System.arraycopy(bytes, start, all, end, bytes.length - start);
        return all;
    }
}
