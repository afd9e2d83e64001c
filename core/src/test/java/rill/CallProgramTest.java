package rill;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs {@link CallProgram} with many seeds: whatever a client and its server do. */
class CallProgramTest {
    /** The number of seeds; can be raised for a long run. */
    private static final long SEEDS = Long.getLong("rill.calls.seeds", 400);

    @Test
    @Tag("slow")
    void whatever_happens_every_call_settles_once_with_its_own_answer_and_nothing_is_left() {
        LongStream.rangeClosed(1, SEEDS).forEach(seed -> new CallProgram(seed).run());
    }
}
