package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Tests DER keys that are truncated, or that declare more than they hold. */
final class DerTest {
    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @Test
    void a_key_that_names_its_curve_is_wrapped() {
        assertThat(Der.pkcs8OfSec1(bytes(0x30, 0x03, 0xA0, 0x01, 0x05))).contains(0x05);
    }

    @Test
    void a_key_that_was_cut_names_no_curve() {
        assertThat(Der.pkcs8OfSec1(bytes(0x30, 0x10, 0xA0, 0x01, 0x05))).isNull();
        assertThat(Der.pkcs8OfSec1(bytes(0x30, 0x03, 0xA0, 0x02, 0x05))).isNull();
        assertThat(Der.pkcs8OfSec1(bytes(0x30, 0x01, 0xA0))).isNull();
        assertThat(Der.pkcs8OfSec1(bytes(0x30))).isNull();
    }

    @Test
    void a_key_without_a_curve_names_none() {
        assertThat(Der.pkcs8OfSec1(bytes(0x30, 0x03, 0x02, 0x01, 0x01))).isNull();
        assertThat(Der.pkcs8OfSec1(bytes(0x31, 0x03, 0xA0, 0x01, 0x05))).isNull();
    }
}
