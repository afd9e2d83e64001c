package rill.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the suite quotes is what the contract says. */
class ContractTest {
    private static final Path FROM_ROOT = Path.of("core/src/main/java");
    private static final Path SOURCES =
            Files.exists(FROM_ROOT) ? FROM_ROOT : Path.of("..").resolve(FROM_ROOT);

    static List<Method> tests() {
        var tests = new ArrayList<Method>();
        for (Class<?> type = TransportConformance.class; type != null; type = type.getSuperclass()) {
            for (Method method : type.getDeclaredMethods()) {
                if (method.isAnnotationPresent(Test.class)) {
                    tests.add(method);
                }
            }
        }
        return tests;
    }

    @Test
    void every_sentence_that_a_test_quotes_stands_in_the_javadoc_that_it_names() throws IOException {
        int quotes = 0;
        for (Method test : tests()) {
            Holds held = test.getAnnotation(Holds.class);
            if (held != null) {
                quotes++;
                Path source = SOURCES.resolve(held.in().getName().replace('.', '/') + ".java");
                assertThat(plain(Files.readString(source)))
                        .as("quoted by " + test.getName())
                        .contains(held.value());
            }
        }
        assertThat(quotes).isGreaterThan(100);
    }

    @Test
    void every_sentence_that_holds_whatever_a_test_is_about_stands_in_the_javadoc_that_it_names() throws IOException {
        for (Rule rule : Rule.values()) {
            Path source = SOURCES.resolve(rule.in.getName().replace('.', '/') + ".java");
            assertThat(plain(Files.readString(source))).as(rule.name()).contains(rule.sentence);
        }
    }

    @Test
    void every_test_on_the_spi_itself_quotes_the_contract() {
        assertThat(tests())
                .filteredOn(test ->
                        test.getDeclaringClass() != CallerLaws.class && test.getDeclaringClass() != BrokenLaws.class)
                .allMatch(test -> test.isAnnotationPresent(Holds.class));
    }

    /** Javadoc as readers see it. */
    private static String plain(String source) {
        return source.replaceAll("\\n\\s*\\*? ?", " ")
                .replaceAll("</?\\w+>", "")
                .replaceAll("\\{@link (\\w+)#([^}]*)}", "$1.$2")
                .replaceAll("\\{@(?:code|link) #?([^}]*)}", "$1")
                .replaceAll("\\s+", " ");
    }
}
