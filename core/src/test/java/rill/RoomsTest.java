package rill;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which parts of core may know which others. */
class RoomsTest {
    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("rill");

    private static final Class<?>[] CODECS = {
        Codec.class,
        Session.class,
        Context.class,
        Outgoing.class,
        Framing.class,
        FrameSession.class,
        ByteLayer.class,
        Pipeline.class,
        Proxy.class,
        ProtocolException.class,
        Framed.class,
        Mapping.class,
        Owning.class,
        Stateless.class,
        Bytes.class,
        SizeGuess.class
    };
    private static final Class<?>[] FUTURES = {
        Future.class, Promise.class, Dependents.class, Derived.class, Multiple.class, Discarding.class
    };
    private static final Class<?>[] TICKS = {Tick.class, Handle.class, TimerQueue.class, NodeQueue.class, Inbox.class};
    private static final Class<?>[] BUFFERS = {Buffers.class, Chunk.class, HeapBuffer.class, SingleBuffer.class};
    private static final Class<?>[] CONNECTIONS = {
        Link.class,
        Stack.class,
        Stage.class,
        Installation.class,
        Inbound.class,
        Outbound.class,
        OutputQueue.class,
        OutputEnd.class,
        Reservations.class,
        Audience.class,
        Finishing.class,
        Broken.class,
        Ending.class,
        CloseTimer.class
    };
    private static final Class<?>[] CLIENTS = {
        Client.class, Calls.class, Call.class, InFlight.class, WaitingCalls.class, CallDeadlines.class
    };
    private static final Class<?>[] SERVERS = {
        Listener.class, Responder.class, LoopGroup.class, Serving.class, Peer.class
    };

    private static Class<?>[] all(Class<?>[]... rooms) {
        return Stream.of(rooms).flatMap(Arrays::stream).toArray(Class<?>[]::new);
    }

    /** A class, or one within it. */
    private static DescribedPredicate<JavaClass> anyOf(Class<?>... room) {
        List<String> names = Arrays.stream(room).map(Class::getName).toList();
        return DescribedPredicate.describe(
                "one of " + names,
                type -> names.stream()
                        .anyMatch(name ->
                                type.getName().equals(name) || type.getName().startsWith(name + "$")));
    }

    private static void never(Class<?>[] room, Class<?>... others) {
        assertThat(CORE.that(anyOf(room))).hasSizeGreaterThanOrEqualTo(room.length);
        noClasses()
                .that(anyOf(room))
                .should()
                .dependOnClassesThat(anyOf(others))
                .check(CORE);
    }

    @Test
    void the_contract_of_transports_knows_nobody_who_fulfils_or_uses_it() {
        noClasses()
                .that()
                .resideInAPackage("rill.spi")
                .should()
                .dependOnClassesThat(JavaClass.Predicates.resideInAnyPackage(
                                "rill", "rill.spi.readiness", "rill.spi.simulation", "rill.spi.writing")
                        .and(DescribedPredicate.not(anyOf(Resolver.class)))) // supplied by an environment
                .check(CORE);
    }

    @Test
    void what_transports_share_knows_the_contract_alone() {
        noClasses()
                .that()
                .resideInAnyPackage("rill.spi.readiness", "rill.spi.simulation", "rill.spi.writing")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("rill", "rill.system")
                .check(CORE);
    }

    @Test
    void no_codec_knows_a_loop_a_connection_or_a_future() {
        never(
                CODECS,
                all(
                        new Class<?>[] {Loop.class, BareLoop.class, Connection.class},
                        CONNECTIONS,
                        BUFFERS,
                        FUTURES,
                        TICKS));
    }

    @Test
    void no_way_leads_from_what_runs_on_a_loop_to_what_is_connected_there() {
        DescribedPredicate<JavaClass> connected =
                anyOf(all(new Class<?>[] {Loop.class, Connection.class, Links.class}, CONNECTIONS, CLIENTS, SERVERS));
        assertThat(CORE.get(BareLoop.class).getTransitiveDependenciesFromSelf())
                .extracting(Dependency::getTargetClass)
                .contains(CORE.get(Future.class), CORE.get(Task.class), CORE.get(Handle.class))
                .noneMatch(connected);
    }

    @Test
    void no_future_knows_a_connection_or_a_codec() {
        never(FUTURES, all(new Class<?>[] {Connection.class}, CONNECTIONS, CLIENTS, SERVERS, CODECS));
    }

    @Test
    void the_tick_knows_no_wire_no_codec_and_no_client() {
        never(TICKS, all(new Class<?>[] {rill.spi.Wire.class, Connection.class}, CLIENTS, SERVERS, CODECS));
    }

    @Test
    void buffers_know_no_connection() {
        never(BUFFERS, all(new Class<?>[] {Connection.class}, CONNECTIONS, CLIENTS, SERVERS, CODECS, FUTURES));
    }

    @Test
    void connections_know_no_client_and_no_server() {
        never(CONNECTIONS, all(CLIENTS, SERVERS));
    }

    @Test
    void clients_know_no_wire_and_no_server() {
        never(CLIENTS, all(new Class<?>[] {rill.spi.Wire.class, rill.spi.Selector.class}, SERVERS));
    }

    @Test
    void nobody_but_a_connection_and_what_makes_one_knows_a_wire() {
        noClasses()
                .that()
                .resideInAPackage("rill")
                .and(DescribedPredicate.not(anyOf(
                        Link.class,
                        Inbound.class,
                        Outbound.class,
                        Broken.class,
                        Ending.class,
                        CloseTimer.class,
                        Connection.class,
                        Dialer.class,
                        Listener.class)))
                .should()
                .dependOnClassesThat(anyOf(rill.spi.Wire.class, rill.spi.WireListener.class))
                .check(CORE);
    }
}
