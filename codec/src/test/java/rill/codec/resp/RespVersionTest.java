package rill.codec.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;
import rill.testkit.CodecHarness;

/** Tests how one version writes the types of the other. */
final class RespVersionTest {
    private static final Reply ALL = Reply.array(
            Reply.OK,
            new Reply.Failed("ERR a\r\nb", true),
            new Reply.Failed("ERR"),
            Reply.of(7),
            Reply.bulk("bulk"),
            Reply.NULL,
            Reply.Null.ARRAY,
            Reply.Null.RESP3,
            Reply.of(2.5),
            Reply.of(true),
            Reply.of(false),
            new Reply.BigNumber(BigInteger.TEN.pow(20)),
            new Reply.Verbatim("txt", Reply.bulk("text")),
            Reply.map(Reply.bulk("k"), Reply.Null.RESP3),
            Reply.set(Reply.of(true)),
            new Reply.Attributed(Reply.map(), new Reply.Attributed(Reply.map(), Reply.of(1.0))));

    @Test
    void resp2_has_something_for_all_of_resp3() {
        Reply said = RespVersion.RESP2.say(ALL);
        assertThat(said)
                .isEqualTo(Reply.array(
                        Reply.OK,
                        new Reply.Failed("ERR a  b"),
                        new Reply.Failed("ERR"),
                        Reply.of(7),
                        Reply.bulk("bulk"),
                        Reply.NULL,
                        Reply.Null.ARRAY,
                        Reply.NULL,
                        Reply.bulk("2.5"),
                        Reply.of(1),
                        Reply.of(0),
                        Reply.bulk("100000000000000000000"),
                        Reply.bulk("text"),
                        Reply.array(Reply.bulk("k"), Reply.NULL),
                        Reply.array(Reply.of(1)),
                        Reply.bulk("1")));
        byte[] bytes = new CodecHarness<>(RespCodecs.server(RespOptions.defaults())).writeBytes(said);
        assertThat(CodecHarness.decode(RespCodecs.client(RespOptions.defaults()), bytes)
                        .messages())
                .containsExactly(said);
        assertThat(RespVersion.RESP2.say(Reply.push("a", Reply.of(true))))
                .isEqualTo(Reply.array(Reply.bulk("a"), Reply.of(1)));
    }

    @Test
    void resp3_has_one_null() {
        Reply nulls = Reply.array(Reply.NULL, Reply.set(Reply.Null.ARRAY), Reply.map(Reply.of(1), Reply.NULL));
        assertThat(RespVersion.RESP3.say(nulls))
                .isEqualTo(Reply.array(
                        Reply.Null.RESP3, Reply.set(Reply.Null.RESP3), Reply.map(Reply.of(1), Reply.Null.RESP3)));
        assertThat(RespVersion.RESP3.say(Reply.push("a", Reply.NULL))).isEqualTo(Reply.push("a", Reply.Null.RESP3));
        assertThat(RespVersion.RESP3.say(new Reply.Attributed(Reply.map(Reply.of(1), Reply.NULL), Reply.NULL)))
                .isEqualTo(new Reply.Attributed(Reply.map(Reply.of(1), Reply.Null.RESP3), Reply.Null.RESP3));
    }

    @Test
    void what_a_version_has_it_leaves_as_it_is() {
        for (Reply each :
                List.of(Reply.array(Reply.of(1), Reply.array(Reply.NULL, Reply.OK)), Reply.bulk("a"), Reply.EMPTY)) {
            assertThat(RespVersion.RESP2.say(each)).isSameAs(each);
        }
        for (Reply each : List.of(Reply.map(Reply.of(1), Reply.of(2.0)), Reply.set(Reply.of(true)), Reply.of(false))) {
            assertThat(RespVersion.RESP3.say(each)).isSameAs(each);
        }
    }

    @Test
    void what_is_nested_too_deep_is_refused() {
        Reply deep = Reply.NULL;
        Reply attributed = Reply.NULL;
        for (int i = 0; i < 100_000; i++) {
            deep = Reply.array(deep);
            attributed = new Reply.Attributed(Reply.map(), attributed);
        }
        Reply array = deep;
        Reply about = attributed;
        assertThatIllegalArgumentException().isThrownBy(() -> RespVersion.RESP2.say(array));
        assertThatIllegalArgumentException().isThrownBy(() -> RespVersion.RESP3.say(array));
        assertThatIllegalArgumentException().isThrownBy(() -> RespVersion.RESP3.say(about));
        assertThat(RespVersion.RESP2.say(about)).isEqualTo(Reply.NULL);
    }

    @Test
    void a_thousand_arrays_within_one_another_are_not_too_deep_and_one_more_is() {
        Reply deep = Reply.NULL;
        for (int i = 0; i < 1_000; i++) {
            deep = Reply.array(deep);
        }
        Reply deepest = deep;
        for (RespVersion version : RespVersion.values()) {
            assertThat(version.say(deepest)).isNotNull();
            assertThatIllegalArgumentException().isThrownBy(() -> version.say(Reply.array(deepest)));
        }
    }

    @Test
    void a_map_is_asked_by_text() {
        Reply.Map map = Reply.map(
                new Reply.Simple("a"), Reply.of(1), Reply.bulk("b"), Reply.of(2), Reply.bulk("a"), Reply.of(3));
        assertThat(map.size()).isEqualTo(3);
        assertThat(map.get("a")).isEqualTo(Reply.of(1));
        assertThat(map.get("b")).isEqualTo(Reply.of(2));
        assertThat(map.get("c")).isNull();
        assertThat(map.asMap()).hasSize(3).containsEntry(Reply.bulk("a"), Reply.of(3));
    }
}
