package rill;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.security.SecureRandom;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import rill.spi.AbstractSocketAddress;
import rill.spi.Clock;
import rill.spi.readiness.ReadinessAccepted;
import rill.spi.readiness.ReadinessAcceptor;
import rill.spi.readiness.ReadinessSelector;
import rill.spi.readiness.ReadinessWire;
import rill.spi.readiness.SocketFile;
import rill.spi.readiness.Watched;

/** The rules that the whole of core obeys. */
class RulesTest {
    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("rill");

    @Test
    void the_rules_look_at_all_of_core() {
        assertThat(CORE.contain(Loop.class)).isTrue();
        assertThat(CORE.contain(Clock.class)).isTrue();
        assertThat(CORE).noneMatch(each -> each.getPackageName().equals("rill.testing"));
    }

    @Test
    void time_comes_from_the_clock_only() {
        noClasses()
                .that()
                .doNotBelongToAnyOf(Clock.class)
                .should()
                .accessTargetWhere(isTimeOfTheMachine())
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(
                        java.time.Instant.class,
                        java.time.Clock.class,
                        java.time.LocalDateTime.class,
                        java.util.Date.class,
                        java.util.Timer.class)
                .check(CORE);
    }

    @Test
    void the_rule_about_time_finds_the_one_place_that_may() {
        assertThat(CORE.get(Clock.class).getAccessesFromSelf()).anyMatch(isTimeOfTheMachine());
    }

    /** A call or a method reference. */
    private static DescribedPredicate<JavaAccess<?>> isTimeOfTheMachine() {
        return DescribedPredicate.describe("reads the machine's time or sleeps", access -> {
            String target = access.getTargetOwner().getName() + "." + access.getName();
            return target.equals("java.lang.System.nanoTime")
                    || target.equals("java.lang.System.currentTimeMillis")
                    || target.equals("java.lang.Thread.sleep");
        });
    }

    @Test
    void randomness_comes_from_the_environment_only() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(Random.class, ThreadLocalRandom.class, java.util.SplittableRandom.class)
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .callMethod(RandomGenerator.class, "getDefault")
                .check(CORE);
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("rill.system.SystemRandom")
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(SecureRandom.class)
                .check(CORE);
    }

    @Test
    void core_depends_on_the_jdk_netty_buffer_and_jspecify_only() {
        classes()
                .that()
                .resideInAnyPackage("rill", "rill.spi..", "rill.system")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "rill",
                        "rill.spi..",
                        "rill.system",
                        "java..",
                        "io.netty.buffer",
                        "io.netty.util..",
                        "org.jspecify.annotations",
                        "jdk.jfr"))
                .check(CORE);
    }

    @Test
    void an_image_without_the_flight_recorder_loads_nothing_that_needs_it() {
        noClasses()
                .that()
                .haveNameNotMatching("rill\\.(Flight|Connection)Records.*")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.jfr..")
                .check(CORE);
        noClasses()
                .that()
                .haveNameNotMatching("rill\\.(Flight|Connection)(Records|Events).*")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("rill\\.(Flight|Connection)Records.*")
                .check(CORE);
    }

    @Test
    void nothing_uses_internals_of_the_jdk_except_by_the_one_reflective_door() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("sun..", "jdk.internal..", "com.sun..")
                .check(CORE);
        noClasses()
                .that()
                .doNotHaveSimpleName("MountedCoroutine")
                .should()
                .callMethod(java.lang.reflect.AccessibleObject.class, "setAccessible", boolean.class)
                .orShould()
                .callMethod(java.lang.reflect.Constructor.class, "setAccessible", boolean.class)
                .check(CORE);
    }

    @Test
    void no_class_has_a_name_that_says_nothing() {
        noClasses()
                .that()
                .doNotBelongToAnyOf(AbstractSocketAddress.class) // the name that Linux gives it
                .should()
                .haveSimpleNameEndingWith("Manager")
                .orShould()
                .haveSimpleNameEndingWith("Helper")
                .orShould()
                .haveSimpleNameEndingWith("Util")
                .orShould()
                .haveSimpleNameEndingWith("Utils")
                .orShould()
                .haveSimpleNameEndingWith("Impl")
                .orShould()
                .haveSimpleNameStartingWith("Abstract")
                .check(CORE);
    }

    @Test
    void accessors_have_no_get() {
        methods().that(areOurs()).should().haveNameNotMatching("get[A-Z].*").check(CORE);
    }

    private static DescribedPredicate<JavaMethod> areOurs() {
        return DescribedPredicate.describe(
                "override nothing of the JDK",
                method -> method.getOwner().getAllRawSuperclasses().stream()
                        .noneMatch(parent -> parent.tryGetMethod(
                                        method.getName(),
                                        method.getRawParameterTypes().stream()
                                                .map(JavaClass::getName)
                                                .toArray(String[]::new))
                                .isPresent()));
    }

    @Test
    void a_public_signature_mentions_public_types_only() {
        methods()
                .that()
                .arePublic()
                .and()
                .areDeclaredInClassesThat(areReachable())
                .should(new OnlyPublicTypes())
                .check(CORE);
    }

    private static DescribedPredicate<JavaClass> areReachable() {
        return DescribedPredicate.describe(
                "are public",
                type -> type.getModifiers().contains(JavaModifier.PUBLIC)
                        && type.getEnclosingClass()
                                .map(outer -> outer.getModifiers().contains(JavaModifier.PUBLIC))
                                .orElse(true));
    }

    private static final class OnlyPublicTypes extends ArchCondition<JavaMethod> {
        OnlyPublicTypes() {
            super("mention public types only");
        }

        @Override
        public void check(JavaMethod method, ConditionEvents events) {
            method.getAllInvolvedRawTypes().stream()
                    .filter(type -> type.getPackageName().startsWith("rill"))
                    .filter(type -> !type.getModifiers().contains(JavaModifier.PUBLIC))
                    .forEach(type -> events.add(SimpleConditionEvent.violated(
                            method, method.getFullName() + " mentions " + type.getName())));
        }
    }

    @Test
    void classes_are_final_unless_made_to_be_extended() {
        classes()
                .that()
                .arePublic()
                .and()
                .areNotInterfaces()
                .and()
                .areNotEnums()
                .and()
                .doNotBelongToAnyOf(Future.class, Promise.class, Serving.class, FrameSession.class)
                .and()
                .doNotBelongToAnyOf(
                        SocketFile.class,
                        Watched.class,
                        ReadinessSelector.class,
                        ReadinessWire.class,
                        ReadinessAcceptor.class,
                        ReadinessAccepted.class)
                .and(DescribedPredicate.describe(
                        "are not meant to be extended", type -> !type.isAssignableTo(Exception.class)))
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(CORE);
    }
}
