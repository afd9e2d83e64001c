package rill.fuzz;

import java.util.Arrays;
import java.util.List;
import rill.Codec;
import rill.testkit.CodecHarness;
import rill.testkit.CodecLaws;

/**
 * A decoder to be fuzzed, and the laws that it must obey for any bytes. It delivers messages or a violation and throws nothing else. It delivers the
 * same however the bytes are split. Its memory is bounded by their number, no message exceeds its limits, and nothing is held afterwards.
 *
 * @param name the name of the target and of its corpus
 * @param codec makes its sessions
 * @param before a prefix of every input, in Latin 1
 * @param limits the limits of what it delivers
 * @param handshake whether it only shakes hands: it answers and delivers nothing, and takes more memory than the law allows, all of it at first
 * @param words words of its protocol, for the fuzzer's dictionary
 */
record Target(
        String name, Codec<?, ?> codec, String before, List<Limit> limits, boolean handshake, List<String> words) {
    /** A target whose frames, or the texts of its messages, have at most this size. */
    static Target of(String name, Codec<?, ?> codec, int most, String... words) {
        return of(name, codec, List.of(Limit.text(most)), words);
    }

    static Target of(String name, Codec<?, ?> codec, Limit limit, String... words) {
        return of(name, codec, List.of(limit), words);
    }

    static Target of(String name, Codec<?, ?> codec, List<Limit> limits, String... words) {
        return new Target(name, codec, "", limits, false, List.of(words));
    }

    Target after(String start) {
        return new Target(name, codec, start, limits, handshake, words);
    }

    Target thatOnlyShakesHands() {
        return new Target(name, codec, before, limits, true, words);
    }

    /** Fails with an {@link AssertionError}, or with what a session has thrown, if a law is broken. */
    void check(byte[] bytes) {
        if (handshake) {
            checkBesideAgent(bytes);
        } else {
            CodecLaws.of(measured()).check(whole(bytes));
        }
    }

    /** Checks everything but the bound on memory, which can't be measured beside Jazzer's agent: it allocates at each comparison of strings. */
    void checkBesideAgent(byte[] bytes) {
        CodecLaws.of(measured()).withoutMemoryLaw().check(whole(bytes));
    }

    /** Its codec, whose sessions throw an {@link AssertionError} when a message exceeds a limit. */
    Codec<?, ?> measured() {
        return Measured.of(codec, limits);
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
