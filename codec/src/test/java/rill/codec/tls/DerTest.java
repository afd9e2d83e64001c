package rill.codec.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
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

    @Test
    void a_key_of_more_than_255_bytes_names_its_curve() {
        byte[] key = new byte[4 + 4 + 258 + 3];
        System.arraycopy(bytes(0x30, 0x82, 0x01, 0x09, 0x04, 0x82, 0x01, 0x02), 0, key, 0, 8);
        System.arraycopy(bytes(0xA0, 0x01, 0x05), 0, key, key.length - 3, 3);
        assertThat(Der.pkcs8OfSec1(key)).isNotNull().endsWith(key);
        assertThat(Der.pkcs8OfSec1(Arrays.copyOf(key, key.length - 1))).isNull();
    }

    @Test
    void lengths_are_as_short_as_they_can_be() {
        assertThat(Der.pkcs8OfPkcs1(new byte[0])).endsWith(0x04, 0x00);
        assertThat(headOf(new byte[0x7F])).endsWith(0x04, 0x7F);
        assertThat(headOf(new byte[0x80])).endsWith(0x04, 0x81, 0x80);
        assertThat(headOf(new byte[0xFF])).endsWith(0x04, 0x81, 0xFF);
        assertThat(headOf(new byte[0x100])).endsWith(0x04, 0x82, 0x01, 0x00);
    }

    /** The bytes that precede the key. */
    private static byte[] headOf(byte[] key) {
        byte[] all = Der.pkcs8OfPkcs1(key);
        return Arrays.copyOf(all, all.length - key.length);
    }
}
