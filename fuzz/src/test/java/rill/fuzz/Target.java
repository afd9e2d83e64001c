package rill.fuzz;

import java.util.Arrays;
import java.util.List;
import rill.Codec;
import rill.testkit.CodecHarness;
import rill.testkit.CodecLaws;

/**
 * A decoder that is given bytes of any kind, and what has to hold of it: it gives messages or a violation and throws nothing else, however the bytes
 * are split it gives the same, its memory is bounded by their number, no message is above its limit, and nothing is held afterwards.
 *
 * @param name how it is called, and its corpus
 * @param codec makes its sessions
 * @param before what comes before the bytes, in Latin 1
 * @param most how large a message may be, as text
 * @param words that its protocol knows
 */
record Target(String name, Codec<?, ?> codec, String before, int most, List<String> words) {
    static Target of(String name, Codec<?, ?> codec, int most, String... words) {
        return new Target(name, codec, "", most, List.of(words));
    }

    Target after(String start) {
        return new Target(name, codec, start, most, words);
    }

    /** Fails with an {@link AssertionError}, or whatever a session has thrown, if something does not hold. */
    void check(byte[] bytes) {
        CodecHarness.Outcome outcome = CodecLaws.of(codec).check(whole(bytes));
        for (Object message : outcome.messages()) {
            int size = message.toString().length();
            if (size > most) {
                throw new AssertionError("a message of " + size + " characters; bytes " + Arrays.toString(bytes));
            }
        }
    }

    /** All that the decoder is given. */
    byte[] whole(byte[] bytes) {
        byte[] first = CodecHarness.ascii(before);
        byte[] all = Arrays.copyOf(first, first.length + bytes.length);
        System.arraycopy(bytes, 0, all, first.length, bytes.length);
        return all;
    }

    @Override
    public String toString() {
        return name;
    }
}
