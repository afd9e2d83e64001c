package rill.fuzz;

import java.util.Arrays;
import java.util.List;
import rill.Codec;
import rill.testkit.CodecHarness;
import rill.testkit.CodecLaws;

/**
 * A decoder to be fuzzed, and the laws that it must obey for any bytes. It delivers messages or a violation and throws nothing else. It delivers the
 * same however the bytes are split. Its memory is bounded by their number, no message exceeds its limit, and nothing is held afterwards.
 *
 * @param name the name of the target and of its corpus
 * @param codec makes its sessions
 * @param before a prefix of every input, in Latin 1
 * @param most the limit of a message's size, as text
 * @param words words of its protocol, for the fuzzer's dictionary
 */
record Target(String name, Codec<?, ?> codec, String before, int most, List<String> words) {
    static Target of(String name, Codec<?, ?> codec, int most, String... words) {
        return new Target(name, codec, "", most, List.of(words));
    }

    Target after(String start) {
        return new Target(name, codec, start, most, words);
    }

    /** Fails with an {@link AssertionError}, or with what a session has thrown, if a law is broken. */
    void check(byte[] bytes) {
        check(bytes, CodecLaws.of(codec));
    }

    /** Checks everything but the bound on memory, which can't be measured beside Jazzer's agent: it allocates at each comparison of strings. */
    void checkBesideAgent(byte[] bytes) {
        check(bytes, CodecLaws.of(codec).withoutMemoryLaw());
    }

    private void check(byte[] bytes, CodecLaws<?, ?> laws) {
        CodecHarness.Outcome outcome = laws.check(whole(bytes));
        for (Object message : outcome.messages()) {
            int size = message.toString().length();
            if (size > most) {
                throw new AssertionError("a message of " + size + " characters; bytes " + Arrays.toString(bytes));
            }
        }
    }

    /** The complete input of the decoder. */
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
