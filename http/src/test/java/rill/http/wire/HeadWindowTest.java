package rill.http.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests heads that end where the window does. */
class HeadWindowTest {
    private static final int USUAL = 256;

    @ParameterizedTest
    @ValueSource(ints = {USUAL - 1, USUAL, USUAL + 1, USUAL + 2})
    void a_head_is_copied_whole_wherever_the_window_ends(int length) {
        byte[] head = ("a: " + "b".repeat(length - 7) + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        ByteBuf in = Unpooled.wrappedBuffer(head);
        var window = new HeadWindow();
        window.open(in, 0, length);
        int line = window.control(in, 0, length);
        window.lineEnds(line);
        int empty = window.control(in, line + 2, length);
        assertThat(window.at(in, empty + 1)).isEqualTo((byte) '\n');
        assertThat(window.copy(in, 0, length)).isEqualTo(head);
        assertThat(window.lines()).isEqualTo(1);
        assertThat(window.end(0)).isEqualTo(line);
    }
}
