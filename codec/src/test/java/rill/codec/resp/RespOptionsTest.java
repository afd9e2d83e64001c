package rill.codec.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

/** Tests the options. */
final class RespOptionsTest {
    private static final RespOptions DEFAULTS = RespOptions.defaults();

    @Test
    void each_option_changes_itself_alone() {
        assertThat(DEFAULTS.bulkBytes(5)).hasToString(DEFAULTS.toString().replace("bulkBytes=67108864", "bulkBytes=5"));
        assertThat(DEFAULTS.messageBytes(1 << 30))
                .hasToString(DEFAULTS.toString().replace("messageBytes=134217728", "messageBytes=1073741824"));
        assertThat(DEFAULTS.unfinishedBytes(5).toString())
                .isEqualTo(DEFAULTS.toString().replaceFirst("unfinishedBytes=\\d+", "unfinishedBytes=5"));
        assertThat(DEFAULTS.elements(5)).hasToString(DEFAULTS.toString().replace("elements=1048576", "elements=5"));
        assertThat(DEFAULTS.depth(5)).hasToString(DEFAULTS.toString().replace("depth=32", "depth=5"));
        assertThat(DEFAULTS.lineBytes(5)).hasToString(DEFAULTS.toString().replace("lineBytes=65536", "lineBytes=5"));
        assertThat(DEFAULTS.inlineCommands(false))
                .hasToString(DEFAULTS.toString().replace("inlineCommands=true", "inlineCommands=false"));
    }

    @Test
    void a_larger_bulk_string_or_line_makes_room_for_itself_in_a_message() {
        assertThat(DEFAULTS.bulkBytes(1 << 30).messageBytes()).isEqualTo((1 << 30) + 320);
        assertThat(DEFAULTS.lineBytes(1 << 30).messageBytes()).isEqualTo((1 << 30) + 320);
    }

    @Test
    void a_message_that_could_not_carry_a_full_bulk_string_or_line_is_refused() {
        RespOptions options = DEFAULTS.bulkBytes(1000).lineBytes(500);
        assertThat(options.messageBytes(1320).messageBytes()).isEqualTo(1320);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.messageBytes(1319))
                .withMessage("messageBytes is at least 1320, 320 above bulkBytes and lineBytes, not 1319");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options.lineBytes(1001).messageBytes(1320));
    }

    @Test
    void limits_out_of_range_are_refused_by_name() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.bulkBytes(0))
                .withMessageContaining("bulkBytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.bulkBytes((1 << 30) + 1))
                .withMessageContaining("bulkBytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.elements(-1))
                .withMessageContaining("elements");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.depth(1001))
                .withMessageContaining("depth");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.lineBytes(0))
                .withMessageContaining("lineBytes");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.unfinishedBytes(0))
                .withMessageContaining("unfinishedBytes");
    }
}
