package rill.codec;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The rules that every codec obeys: a pure function of its bytes, so no time, no threads, no randomness, no network. */
class CodecRulesTest {
    private static final JavaClasses CODEC = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("rill.codec");

    @Test
    void the_rules_look_at_the_codecs() {
        assertThat(CODEC.contain(Resp.class)).isTrue();
        assertThat(CODEC.contain(CodecRulesTest.class)).isFalse();
    }

    @Test
    void codecs_depend_on_core_buffers_and_plain_parts_of_the_jdk_only() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "rill",
                        "rill.codec",
                        "java.lang..",
                        "java.io",
                        "java.nio",
                        "java.nio.charset",
                        "java.util",
                        "java.util.function",
                        "java.util.stream",
                        "io.netty.buffer",
                        "io.netty.util",
                        "org.jspecify.annotations")
                .check(CODEC);
    }

    @Test
    void codecs_read_no_clock_and_start_no_thread() {
        noClasses()
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(Thread.class, java.util.Random.class, java.util.Timer.class)
                .check(CODEC);
    }
}
