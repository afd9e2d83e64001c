package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Test;
import rill.testing.TextLines;

/** The size that a codec expects of a message may be wrong in any way. */
class SizeGuessTest {
    private static Codec<String, String> guessing(ToIntFunction<String> guess) {
        return new Codec<>() {
            @Override
            public Session<String, String> open(Context context) {
                return TextLines.codec().open(context);
            }

            @Override
            public int sizeEstimate(String message) {
                return guess.applyAsInt(message);
            }
        };
    }

    @Test
    void the_space_is_as_much_as_was_guessed_within_bounds() {
        assertThat(SizeGuess.space(guessing(String::length), "12345")).isEqualTo(5);
        assertThat(SizeGuess.space(guessing(text -> 64 * 1024), "")).isEqualTo(64 * 1024);
        assertThat(SizeGuess.space(guessing(text -> 64 * 1024 + 1), "")).isEqualTo(64 * 1024);
        assertThat(SizeGuess.space(guessing(text -> Integer.MAX_VALUE), "")).isEqualTo(64 * 1024);
        assertThat(SizeGuess.space(guessing(text -> -1), "")).isZero();
    }

    @Test
    void a_guess_that_throws_is_replaced() {
        Codec<String, String> throwing = guessing(text -> {
            throw new IllegalStateException("on purpose");
        });
        assertThat(SizeGuess.of(throwing, "")).isEqualTo(Codec.DEFAULT_SIZE_ESTIMATE);
        assertThat(SizeGuess.space(throwing, "")).isEqualTo(Codec.DEFAULT_SIZE_ESTIMATE);
    }
}
