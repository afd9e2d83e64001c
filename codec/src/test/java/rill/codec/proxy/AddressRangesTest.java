package rill.codec.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests which addresses are in a range, and what counts as an address at all. */
final class AddressRangesTest {
    private static boolean contains(String range, String address) {
        return AddressRanges.of(range).test(new InetSocketAddress(InetAddress.ofLiteral(address), 1));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.0.0.0, 10.255.255.255, 11.0.0.0",
        "10.0.0.0/8, 10.1.2.3, 10.0.0.1, 9.255.255.255",
        "192.168.128.0/17, 192.168.128.0, 192.168.255.255, 192.168.127.255",
        "192.0.2.1, 192.0.2.1, 192.0.2.1, 192.0.2.0",
        "192.0.2.1/32, 192.0.2.1, 192.0.2.1, 192.0.2.3",
        "0.0.0.0/0, 0.0.0.0, 255.255.255.255, ::1",
        "128.0.0.0/1, 128.0.0.0, 255.0.0.0, 127.255.255.255",
        "2001:db8::/32, 2001:db8::, 2001:db8:ffff::1, 2001:db9::",
        "fe80::/10, fe80::1, febf::1, fec0::1",
        "::/0, ::, ffff::1, 1.2.3.4",
        "::1, ::1, ::1, ::2",
        "::ffff:10.0.0.0/104, 10.0.0.1, ::ffff:10.1.2.3, 11.0.0.1"
    })
    void an_address_is_in_a_range_if_its_first_bits_are_the_same(
            String range, String first, String last, String outside) {
        assertThat(contains(range, first)).isTrue();
        assertThat(contains(range, last)).isTrue();
        assertThat(contains(range, outside)).isFalse();
    }

    @Test
    void no_other_kind_of_address_is_in_any_range() {
        var all = AddressRanges.of("0.0.0.0/0", "::/0");
        assertThat(all.test(new InetSocketAddress(InetAddress.ofLiteral("1.2.3.4"), 1)))
                .isTrue();
        assertThat(all.test(new InetSocketAddress(InetAddress.ofLiteral("::2"), 1)))
                .isTrue();
        assertThat(all.test(UnixDomainSocketAddress.of("/a"))).isFalse();
        assertThat(all.test(InetSocketAddress.createUnresolved("1.2.3.4", 1))).isFalse();
        assertThat(all.test(null)).isFalse();
        assertThat(all).hasToString("0.0.0.0/0, ::/0");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/8",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/08",
                "10.0.0.0/8/8",
                "10/8",
                "::/129",
                "::ffff:10.0.0.0/95",
                "localhost",
                "::1%lo",
                "[::1]"
            })
    void what_is_no_range_is_refused(String range) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AddressRanges.of(range))
                .withMessageContaining("expected");
    }

    @Test
    void bits_beyond_the_length_and_no_range_at_all_are_refused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AddressRanges.of("10.0.0.1/8"))
                .withMessage("the address in \"10.0.0.1/8\" has bits beyond the first 8");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AddressRanges.of("2001:db8::/31", "2001:db9::/31"))
                .withMessageContaining("2001:db9::/31");
        assertThatIllegalArgumentException()
                .isThrownBy(AddressRanges::of)
                .withMessageContaining("nobody would be trusted");
    }

    // ---- literals

    private static @Nullable String parsed(String text) {
        InetAddress address = Literals.parse(text);
        return address == null ? null : address.getHostAddress();
    }

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0, 0.0.0.0",
        "255.254.9.10, 255.254.9.10",
        "::, 0:0:0:0:0:0:0:0",
        "1::, 1:0:0:0:0:0:0:0",
        "::1, 0:0:0:0:0:0:0:1",
        "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8",
        "1::8, 1:0:0:0:0:0:0:8",
        "1:2:3::5:6:7:8, 1:2:3:0:5:6:7:8",
        "AbCd:00eF::, abcd:ef:0:0:0:0:0:0",
        "64:ff9b::192.0.2.1, 64:ff9b:0:0:0:0:c000:201",
        "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304",
        "::ffff:1.2.3.4, 1.2.3.4"
    })
    void an_address_is_read_in_its_usual_forms(String text, String address) {
        assertThat(parsed(text)).isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", ".", "1", "1.2.3", "1.2.3.4.", ".1.2.3.4", "1..2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.00",
                        "1.2.3.256", "0x1.2.3.4", " 1.2.3.4", "1.2.3.4 ", "1.2.3.\u0664",
                ":", ":::", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:", ":2:3:4:5:6:7:8",
                        "1:2:3:4::5:6:7:8", "::1::", "1:::2", "12345::", "g::", "::1.2.3", "::01.2.3.4",
                "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::%1", "[::1]", "::\u0661", "+1::", "-1::"
            })
    void what_could_be_read_otherwise_is_none(String text) {
        assertThat(parsed(text)).isNull();
    }
}
