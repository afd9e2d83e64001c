package rill.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Tests reproducible random numbers. */
class SeededRandomTest {
    @Test
    void it_gives_the_numbers_of_its_source_in_their_order() {
        var source = new Random(7);
        var seeded = new SeededRandom(new Random(7));
        byte[] expected = new byte[5];
        byte[] bytes = new byte[5];
        for (int i = 0; i < 3; i++) {
            assertThat(seeded.nextLong()).isEqualTo(source.nextLong());
            assertThat(seeded.nextInt()).isEqualTo(source.nextInt());
            source.nextBytes(expected);
            seeded.nextBytes(bytes);
            assertThat(bytes).isEqualTo(expected);
        }
    }
}
