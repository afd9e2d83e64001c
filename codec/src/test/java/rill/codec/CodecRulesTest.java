package rill.codec;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.net.ConnectException;
import java.net.IDN;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import rill.codec.resp.Resp;
import rill.spi.SeededRandom;
import rill.testing.PureCode;

/** The rules for every codec: it is a pure function of its bytes, so it uses no time, no threads, no randomness and no network. */
class CodecRulesTest {
    private static final JavaClasses CODEC = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("rill.codec");

    @Test
    void the_rules_look_at_the_codecs() {
        assertThat(CODEC.contain(Resp.class)).isTrue();
        assertThat(CODEC.contain(CodecRulesTest.class)).isFalse();
    }

    private static final String[] PLAIN = PureCode.and("rill.codec", "rill.codec.internal");

    @Test
    void codecs_depend_on_core_buffers_and_plain_parts_of_the_jdk_only() {
        classes()
                .that()
                .resideInAPackage("rill.codec")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(PLAIN)
                .check(CODEC);
    }

    @Test
    void resp_depends_on_large_numbers_as_well() {
        classes()
                .that()
                .resideInAPackage("rill.codec.resp")
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(PLAIN).or(resideInAnyPackage("rill.codec.resp", "java.math")))
                .check(CODEC);
    }

    /** Only {@code Pem} may use files. Addresses appear as values, and no sockets are used. */
    @Test
    void tls_depends_on_the_engine_and_on_certificates_as_well() {
        classes()
                .that()
                .resideInAPackage("rill.codec.tls")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(PLAIN)
                        .or(resideInAnyPackage(
                                "rill.codec.tls",
                                "javax.net.ssl",
                                "javax.crypto..",
                                "java.security..",
                                "javax.security.auth.x500",
                                "java.math",
                                "java.time",
                                "java.nio.file"))
                        .or(belongToAnyOf(
                                SeededRandom.class,
                                InetAddress.class,
                                InetSocketAddress.class,
                                SocketAddress.class,
                                IDN.class,
                                Socket.class))) // only in signatures of the JDK
                .check(CODEC);
        noClasses()
                .that()
                .doNotHaveSimpleName("Pem")
                .should()
                .callMethodWhere(target(owner(type(Files.class))))
                .check(CODEC);
    }

    @Test
    void what_goes_through_proxies_depends_on_forms_of_addresses_as_well() {
        classes()
                .that()
                .resideInAPackage("rill.codec.proxy")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(PLAIN)
                        .or(resideInAnyPackage("rill.codec.proxy", "java.time", "java.util.zip"))
                        .or(belongToAnyOf(
                                InetAddress.class,
                                Inet4Address.class,
                                Inet6Address.class,
                                InetSocketAddress.class,
                                SocketAddress.class,
                                UnixDomainSocketAddress.class,
                                ConnectException.class,
                                UnknownHostException.class))) // in the signature of getByAddress
                .check(CODEC);
    }

    @Test
    void codecs_look_up_no_name_and_no_address() {
        noClasses()
                .should()
                .callMethod(InetAddress.class, "getByName", String.class)
                .orShould()
                .callMethod(InetAddress.class, "getAllByName", String.class)
                .orShould()
                .callMethod(InetAddress.class, "getHostName")
                .orShould()
                .callMethod(InetAddress.class, "getCanonicalHostName")
                .orShould()
                .callMethod(InetSocketAddress.class, "getHostName")
                .orShould()
                .callConstructor(InetSocketAddress.class, String.class, int.class)
                .check(CODEC);
    }

    @Test
    void codecs_read_no_clock_and_start_no_thread() {
        PureCode.readsNoClockAndStartsNoThread().check(CODEC);
    }
}
