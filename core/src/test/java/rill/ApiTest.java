package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import rill.testing.PublicApi;

/** The public API of this module changes only on purpose. */
class ApiTest {
    @Test
    void the_public_api_is_what_its_file_says() {
        PublicApi.of(Loop.class, "rill", "rill.spi", "rill.spi.readiness").check("rill.core");
    }

    @Test
    void a_line_tells_types_with_nullness_and_what_is_thrown() {
        assertThat(PublicApi.of(Loop.class, "rill").lines())
                .contains(
                        "rill.Loop public static rill.Loop open() throws java.io.IOException",
                        "rill.Loop public static @Nullable rill.Loop current()");
    }

    @Test
    void a_change_is_shown_as_what_is_gone_and_what_is_new() {
        assertThat(PublicApi.difference(List.of("a", "b", "c"), List.of("a", "b2", "c", "d")))
                .containsExactly("- b", "+ b2", "+ d");
    }

    @Test
    void options_can_grow_for_they_have_no_public_constructor_and_no_heirs() {
        for (Class<?> each : List.of(
                LoopOptions.class,
                ListenOptions.class,
                ConnectOptions.class,
                ConnectionLimits.class,
                ClientProtocol.class)) {
            assertThat(each).isFinal();
            assertThat(each.isRecord()).as(each.getName()).isFalse();
            assertThat(each.getConstructors()).as(each.getName()).isEmpty();
        }
    }
}
