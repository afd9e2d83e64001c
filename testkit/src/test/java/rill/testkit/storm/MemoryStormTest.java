package rill.testkit.storm;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Storms in memory, in virtual time. */
@Tag("slow")
class MemoryStormTest {
    @Test
    void storms_in_memory_keep_the_laws() {
        Storm.check(1500, 0.5, World::memory);
    }

    @Test
    void a_storm_in_which_each_call_of_user_code_throws_once_and_each_piece_of_memory_is_refused_once_keeps_the_laws() {
        Storm.checkEverywhere(8, 0.1, World::memory);
    }
}
