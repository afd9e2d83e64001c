package rill.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import rill.testkit.CodecHarness;
import rill.testkit.Leaks;

/** Replays the inputs that fuzzing found worth keeping. To find more: {@code ./rill test --fuzz MINUTES}. */
@ExtendWith(Leaks.class)
class CorpusTest {
    @TestFactory
    Stream<DynamicTest> what_was_found_once_obeys_the_laws_at_every_split() {
        return Targets.all().stream()
                .map(target -> dynamicTest(target.name(), () -> {
                    List<byte[]> corpus = Corpus.of(target);
                    assertThat(corpus).isNotEmpty();
                    for (byte[] each : corpus) {
                        target.check(each);
                        if (!target.handshake()) { // whose sessions take long to make
                            CodecHarness.decode(target.measured(), target.whole(each));
                        }
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> a_corpus_has_what_is_understood_and_what_is_refused() {
        return Targets.all().stream()
                .map(target -> dynamicTest(target.name(), () -> {
                    List<CodecHarness.Outcome> outcomes = Corpus.of(target).stream()
                            .map(each -> CodecHarness.decodeAtRandom(target.codec(), target.whole(each), 1))
                            .toList();
                    assertThat(outcomes)
                            .anyMatch(outcome -> target.handshake()
                                    ? !outcome.answered().isEmpty()
                                    : !outcome.messages().isEmpty())
                            .anyMatch(outcome -> outcome.violation() != null);
                }));
    }

    @Test
    void any_bytes_can_be_written_as_a_line_of_text() {
        var random = new Random(1);
        for (int i = 0; i < 300; i++) {
            var bytes = new byte[random.nextInt(40)];
            random.nextBytes(bytes);
            String line = Corpus.format(bytes);
            assertThat(line).matches("[ -~]*");
            assertThat(Corpus.parse(line)).isEqualTo(bytes);
        }
    }
}
