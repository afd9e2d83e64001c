package rill.testkit;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.sun.management.ThreadMXBean;
import io.netty.buffer.ByteBuf;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import rill.ByteLayer;
import rill.Codec;
import rill.testkit.CodecHarness.Outcome;

/**
 * The laws that every codec has to obey, checked with samples of its protocol. The tests are for a JUnit test factory:
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicTest> laws() {
 *     return CodecLaws.of(Reading.CODEC)
 *             .understands("\5attic\0\0\14\1")
 *             .writes(Reading.CODEC, new Reading("attic", 3073))
 *             .refuses("\0")
 *             .waits("\377abc")
 *             .tests();
 * }
 * }</pre>
 *
 * <p>Samples of a {@link ByteLayer} are what its peer sends from the beginning on, and the laws about message boundaries are left out. Bytes are
 * written as Latin 1, one for each character. A class with such tests should be extended with {@link Leaks}.
 *
 * @param <R> what is read
 * @param <W> what is written
 */
public final class CodecLaws<R, W> {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int MUTATIONS = 100_000;
    private static final int SLACK = 64 * 1024;
    private static final int PER_BYTE = 1024;
    private static final int MOST_FOR_A_PROMISE = 16 * 1024;

    private final Codec<R, W> codec;
    private final List<byte[]> samples = new ArrayList<>();
    private final List<byte[]> refused = new ArrayList<>();
    private final List<byte[]> waiting = new ArrayList<>();
    private final List<DynamicTest> roundTrips = new ArrayList<>();
    private int mutations = Integer.getInteger("rill.mutations", MUTATIONS);
    private boolean measures = true;

    private CodecLaws(Codec<R, W> codec) {
        this.codec = codec;
    }

    /** Returns the laws for this codec. */
    public static <R, W> CodecLaws<R, W> of(Codec<R, W> codec) {
        return new CodecLaws<>(codec);
    }

    /** Adds samples of whole messages, one or several in each. Broken input is derived from them, too. */
    public CodecLaws<R, W> understands(String... bytes) {
        return add(samples, bytes);
    }

    /**
     * Adds input that the codec has to refuse: lengths above its limits, and whatever else its protocol forbids. It has to be refused before its end is
     * reported, whatever might follow: that a message is incomplete is no violation yet. For what is refused only at the end of the stream, see
     * {@link CodecHarness#decode(Codec, String)}.
     */
    public CodecLaws<R, W> refuses(String... bytes) {
        return add(refused, bytes);
    }

    /**
     * Adds beginnings of a message that promise much more than has arrived. The codec has to wait for the rest, without delivering a message and
     * without allocating memory for it.
     */
    public CodecLaws<R, W> waits(String... bytes) {
        return add(waiting, bytes);
    }

    /**
     * Sets how many mutations of the samples are tried, for a codec whose sessions are slow to create. Otherwise it is the value of the system
     * property {@code rill.mutations}, or 100,000.
     */
    public CodecLaws<R, W> mutations(int count) {
        mutations = count;
        return this;
    }

    /**
     * Leaves out the bound on memory, where it can't be measured: an agent, such as that of a fuzzer, may allocate at each comparison of the codec. What
     * was found there has to be checked once more without the agent.
     */
    public CodecLaws<R, W> withoutMemoryLaw() {
        measures = false;
        return this;
    }

    private CodecLaws<R, W> add(List<byte[]> to, String... bytes) {
        for (String each : bytes) {
            to.add(CodecHarness.ascii(each));
        }
        return this;
    }

    /** Adds messages that must be unchanged after {@code reader} has read them; in a protocol with two sides, that is the other side's codec. */
    @SafeVarargs
    public final CodecLaws<R, W> writes(Codec<? extends W, ?> reader, W... messages) {
        for (W message : messages) {
            roundTrips.add(
                    dynamicTest("comes back as it was written: " + shown(message), () -> roundTrip(reader, message)));
        }
        return this;
    }

    /** Returns the tests, one for each law. */
    public Stream<DynamicTest> tests() {
        if (samples.isEmpty()) {
            throw new IllegalStateException("a codec that understands nothing: give a sample");
        }
        var tests = new ArrayList<>(roundTrips);
        tests.add(dynamicTest("samples are read whole, the same at every split", this::samples));
        if (!(codec instanceof ByteLayer)) { // whose bytes have no boundaries
            tests.add(dynamicTest("several messages in a row are read as each alone", this::rows));
        }
        tests.add(dynamicTest("what comes after a message is not looked at for it", this::overReads));
        if (!refused.isEmpty()) {
            tests.add(
                    dynamicTest("what is forbidden is a violation, at the same place at every split", this::refusals));
        }
        if (!waiting.isEmpty()) {
            tests.add(dynamicTest("what is merely promised costs no memory", this::promises));
        }
        tests.add(dynamicTest(mutations + " mutations give messages or violations and nothing else", this::mutations));
        return tests.stream();
    }

    private void samples() {
        for (byte[] sample : samples) {
            good(CodecHarness.decode(codec, sample), sample);
        }
    }

    private static Outcome good(Outcome outcome, byte[] sample) {
        require(outcome.violation() == null, "a sample is refused: " + outcome, sample);
        require(
                outcome.ended() && !outcome.messages().isEmpty(),
                "a sample is not read to its end: " + outcome,
                sample);
        return outcome;
    }

    private void rows() {
        for (byte[] first : samples) {
            for (byte[] second : samples) {
                byte[] both = Arrays.copyOf(first, first.length + second.length);
                System.arraycopy(second, 0, both, first.length, second.length);
                var expected =
                        new ArrayList<>(CodecHarness.decodeWhole(codec, first).messages());
                expected.addAll(CodecHarness.decodeWhole(codec, second).messages());
                Outcome outcome = good(CodecHarness.decodeWhole(codec, both), both);
                require(outcome.messages().equals(expected), "in a row: " + outcome + ", alone: " + expected, both);
            }
        }
    }

    /** A prefix yields the same messages whatever follows it: the messages of a prefix are the first messages of the whole. */
    private void overReads() {
        for (byte[] sample : samples) {
            List<Object> all = CodecHarness.decodeWhole(codec, sample).messages();
            for (int i = 0; i < sample.length; i++) {
                List<Object> some = new CodecHarness<>(codec)
                        .feed(Arrays.copyOf(sample, i))
                        .withoutBoundaries()
                        .messages();
                require(isBeginning(some, all), "the first " + i + " bytes give " + some + ", all give " + all, sample);
            }
        }
    }

    private boolean isBeginning(List<Object> some, List<Object> all) {
        if (codec instanceof ByteLayer && !some.isEmpty() && !all.isEmpty()) {
            return all.getFirst().toString().startsWith(some.getFirst().toString());
        }
        return some.size() <= all.size() && all.subList(0, some.size()).equals(some);
    }

    private void refusals() {
        for (byte[] bad : refused) {
            Outcome outcome = CodecHarness.decode(codec, bad);
            require(outcome.violation() != null, "accepted although it is forbidden: " + outcome, bad);
            Outcome open = new CodecHarness<>(codec).feed(bad).outcome();
            require(open.violation() != null, "refused only because the input ends there: " + outcome, bad);
            require(!outcome.ended(), "ended in good order after a violation", bad);
        }
    }

    private void promises() {
        for (byte[] promise : waiting) {
            new CodecHarness<>(codec).feed(promise); // loads the classes
            var harness = new CodecHarness<>(codec);
            long direct = directMemory();
            long before = THREADS.getCurrentThreadAllocatedBytes();
            harness.feed(promise);
            long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
            long held = directMemory() - direct;
            require(held < MOST_FOR_A_PROMISE, "took " + held + " bytes of direct memory for a promise", promise);
            require(allocated < MOST_FOR_A_PROMISE, "allocated " + allocated + " bytes for a promise", promise);
            Outcome outcome = harness.outcome();
            require(
                    outcome.messages().isEmpty() && outcome.violation() == null,
                    "not waited for what was promised: " + outcome,
                    promise);
        }
    }

    /** Direct memory that the JDK and Netty have allocated. */
    private static long directMemory() {
        return Native.now().bytes() + Math.max(0, PlatformDependent.usedDirectMemory());
    }

    private void roundTrip(Codec<? extends W, ?> reader, W message) {
        byte[] bytes = new CodecHarness<>(codec).writeBytes(message);
        Outcome outcome = good(CodecHarness.decode(reader, bytes), bytes);
        Object expected =
                message instanceof ByteBuf frame ? frame.toString(StandardCharsets.ISO_8859_1) : (Object) message;
        require(outcome.messages().equals(List.of(expected)), "written " + expected + ", read " + outcome, bytes);
    }

    private void mutations() {
        long seed = new Random().nextLong();
        for (int i = 0; i < mutations; i++) {
            var random = new Random(seed + i);
            byte[] bytes = Mutations.mutated(samples.get(random.nextInt(samples.size())), random);
            try {
                mutation(bytes, random.nextLong());
            } catch (RuntimeException | Error e) { // whatever it is, and be it a stack that has overflowed
                throw new AssertionError(
                        "mutation with seed " + (seed + i) + ": " + e + "; bytes " + Arrays.toString(bytes), e);
            }
        }
    }

    /**
     * Checks arbitrary bytes: they yield messages or a violation and nothing else, the same however they are split, at a cost in memory bounded by
     * their number, and nothing is held afterwards. An {@link AssertionError} says what does not hold. It needs no samples, so it suits a fuzzer and
     * the input that one has found.
     */
    public Outcome check(byte[] bytes) {
        return mutation(bytes, Arrays.hashCode(bytes));
    }

    private Outcome mutation(byte[] bytes, long seed) {
        long most = SLACK + (long) PER_BYTE * bytes.length;
        long before = THREADS.getCurrentThreadAllocatedBytes();
        var all = new CodecHarness<>(codec).feed(bytes).endOfInput();
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        if (measures && allocated > most) {
            allocated = allocatedBy(bytes); // the first time may have loaded classes
        }
        require(!measures || allocated <= most, "allocated " + allocated + " bytes for " + bytes.length, bytes);
        Outcome whole = all.withoutBoundaries();
        require(whole.ended() == (whole.violation() == null), "neither ended nor refused: " + whole, bytes);
        var pieces = new CodecHarness<>(codec).feedAtRandom(bytes, seed);
        CodecHarness.requireSame(whole, pieces.withoutBoundaries(), "split with seed " + seed);
        all.close();
        pieces.close();
        return whole;
    }

    private long allocatedBy(byte[] bytes) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        CodecHarness.decodeWhole(codec, bytes);
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    private static String shown(Object message) {
        String text = String.valueOf(message);
        return text.length() > 60 ? text.substring(0, 60) + "…" : text;
    }

    private static void require(boolean condition, String otherwise, byte[] bytes) {
        if (!condition) {
            throw new AssertionError(otherwise + "; bytes " + Arrays.toString(bytes));
        }
    }
}
