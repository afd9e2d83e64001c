package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Where no transport is installed; the choice among several is tested where there are several. */
class TransportsTest {
    @AfterEach
    void forget() {
        System.clearProperty(Transports.PROPERTY);
    }

    @Test
    void without_any_transport_the_error_says_how_to_get_one() {
        assertThatThrownBy(Loop::open)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no transport is available")
                .hasMessageContaining("rill.transport.nio");
    }

    @Test
    void a_name_that_there_is_not_is_repeated_in_the_error() {
        System.setProperty(Transports.PROPERTY, "carrier-pigeon");
        assertThatThrownBy(Loop::open)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("there is no transport carrier-pigeon");
        assertThat(System.getProperty(Transports.PROPERTY)).isEqualTo("carrier-pigeon");
    }
}
