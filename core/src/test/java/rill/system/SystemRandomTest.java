package rill.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

/** Tests the secure random numbers. */
class SystemRandomTest {
    @Test
    void bytes_and_numbers_are_drawn_anew_each_time() {
        var random = new SystemRandom();
        var seen = new HashSet<Object>();
        for (int i = 0; i < 4; i++) {
            byte[] bytes = new byte[32];
            random.nextBytes(bytes);
            seen.add(ByteBuffer.wrap(bytes));
            seen.add(random.nextLong());
        }
        assertThat(seen).hasSize(8).doesNotContain(ByteBuffer.allocate(32));
    }
}
