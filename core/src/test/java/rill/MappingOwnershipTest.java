package rill;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Who releases what the functions of a mapping make on the way down. */
class MappingOwnershipTest {
    private final List<ByteBuf> made = new ArrayList<>();

    private ByteBuf make(String text) {
        ByteBuf buffer = Unpooled.directBuffer().writeBytes(text.getBytes(StandardCharsets.US_ASCII));
        made.add(buffer);
        return buffer;
    }

    private static <T> String written(Pipeline<?, T> pipeline, T message) throws IOException {
        try (var rig = new Rig<>(pipeline)) {
            rig.onLoop(() -> {
                rig.connection().onFailure(failure -> rig.failures.add(failure.cause()));
                rig.connection().write(message);
            });
            rig.settle();
            return rig.failures.isEmpty() ? rig.sent() : rig.failures.toString();
        }
    }

    @Test
    void what_down_makes_is_released_once_it_was_encoded() throws IOException {
        for (int size : new int[] {10, 100_000}) { // copied, and passed on
            assertThat(written(Pipeline.bytes().map(Function.identity(), this::make), "x".repeat(size)))
                    .hasSize(size);
        }
        assertThat(made).hasSize(2).allMatch(each -> each.refCnt() == 0);
    }

    @Test
    void what_down_makes_is_released_if_it_can_not_be_encoded() throws IOException {
        Codec<ByteBuf, ByteBuf> fussy = Codec.of((in, context) -> null, (message, out) -> {
            throw new IllegalArgumentException("not this one");
        });
        assertThat(written(Pipeline.of(fussy.map(Function.identity(), this::make)), "any"))
                .contains("not this one");
        assertThat(made).hasSize(1).allMatch(each -> each.refCnt() == 0);
    }

    @Test
    void a_message_that_down_gives_as_it_is_is_released_once() throws IOException {
        ByteBuf message = make("as it is");
        assertThat(written(Pipeline.bytes().map(Function.identity(), same -> same), message))
                .isEqualTo("as it is");
        assertThat(message.refCnt()).isZero();
    }

    @Test
    void a_slice_with_a_reference_of_its_own_is_released_besides_the_message() throws IOException {
        ByteBuf message = make("the first 9 bytes");
        assertThat(written(Pipeline.bytes().map(Function.identity(), whole -> whole.retainedSlice(0, 9)), message))
                .isEqualTo("the first");
        assertThat(message.refCnt()).isZero();
    }

    @Test
    void in_a_chain_each_product_lives_until_the_last_was_encoded_and_is_released_then() throws IOException {
        record View(ByteBuf content) {}
        Pipeline<ByteBuf, String> chain = Pipeline.bytes()
                .<ByteBuf, View>map(Function.identity(), view -> view.content().retainedSlice())
                .<ByteBuf, ByteBuf>map(Function.identity(), View::new)
                .<ByteBuf, ByteBuf>map(Function.identity(), same -> same)
                .map(Function.identity(), this::make);
        assertThat(written(chain, "through four functions")).isEqualTo("through four functions");
        assertThat(made).hasSize(1).allMatch(each -> each.refCnt() == 0);
    }

    @Test
    void in_a_chain_that_throws_half_way_what_was_made_before_is_released() throws IOException {
        Pipeline<ByteBuf, String> chain = Pipeline.bytes()
                .<ByteBuf, ByteBuf>map(Function.identity(), buffer -> {
                    throw new AssertionError("half-way");
                })
                .map(Function.identity(), this::make);
        assertThat(written(chain, "never")).contains("half-way");
        assertThat(made).hasSize(1).allMatch(each -> each.refCnt() == 0);
    }

    @Test
    void a_down_that_gives_null_fails_the_write() throws IOException {
        Pipeline<ByteBuf, String> nothing = Pipeline.bytes().map(Function.identity(), text -> null);
        assertThat(written(nothing, "never")).contains("NullPointerException");
    }
}
