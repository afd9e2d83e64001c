package rill.http;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import rill.testing.PureCode;

/** What is on the wire is a pure function of its bytes, and nothing in this module reads a clock or starts a thread. */
class HttpRulesTest {
    private static final JavaClasses HTTP = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("rill.http");

    @Test
    void the_codecs_depend_on_core_buffers_and_plain_parts_of_the_jdk_only() {
        classes()
                .that()
                .resideInAPackage("rill.http.wire")
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(PureCode.and("rill.http.wire")).or(belongToAnyOf(Duration.class)))
                .check(HTTP);
    }

    @Test
    void nothing_reads_a_clock_or_starts_a_thread() {
        PureCode.readsNoClockAndStartsNoThread().check(HTTP);
    }
}
