package rill.codec.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import rill.codec.resp.RespClientCodec.Pairing;
import rill.testkit.CodecHarness;

/** Tests what a client sends first, and how the answers to it are handled. */
final class HelloTest {
    private static final String MAP = "%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n$5\r\nproto\r\n:3\r\n";

    private static CodecHarness<Reply, Command> greet(Hello hello) {
        return new CodecHarness<>(RespCodecs.greeting(hello, Pairing.REPLIES));
    }

    private static String said(Hello hello) {
        return greet(hello)
                .answered()
                .replaceAll("[*$]\\d+\r\n", "")
                .replace("\r\n", " ")
                .strip();
    }

    @Test
    void it_says_what_is_asked_for_and_nothing_else() {
        assertThat(said(Hello.resp2())).isEmpty();
        assertThat(said(Hello.resp2().password("secret"))).isEqualTo("AUTH secret");
        assertThat(said(Hello.resp2().user("me", "secret").clientName("name").database(3)))
                .isEqualTo("AUTH me secret CLIENT SETNAME name SELECT 3");
        assertThat(said(Hello.resp3())).isEqualTo("HELLO 3");
        assertThat(said(Hello.resp3().password("secret"))).isEqualTo("HELLO 3 AUTH default secret");
        assertThat(said(Hello.resp3()
                        .user("me", "secret")
                        .clientName("name")
                        .database(3)
                        .then(Command.of("READONLY"))))
                .isEqualTo("HELLO 3 AUTH me secret SETNAME name SELECT 3 READONLY");
    }

    @Test
    void commands_wait_until_all_of_it_is_answered() {
        var harness = greet(Hello.resp3().database(1));
        assertThat(harness.holdsWrites()).isTrue();
        harness.feed(MAP);
        assertThat(harness.holdsWrites()).isTrue();
        harness.feed("+OK\r\n");
        assertThat(harness.holdsWrites()).isFalse();
        assertThat(harness.outcome().messages()).isEmpty();
        harness.feed("+PONG\r\n");
        assertThat(harness.outcome().messages()).containsExactly(Reply.PONG);
    }

    @Test
    void a_further_hello_of_resp_2_is_answered_by_an_array() {
        var harness = greet(Hello.resp2().then(Command.of("HELLO", "2", "SETNAME", "me")));
        harness.feed("*2\r\n$6\r\nserver\r\n$5\r\nredis\r\n");
        assertThat(harness.holdsWrites()).isFalse();
        assertThat(harness.outcome().violation()).isNull();
        var ofResp3 = greet(Hello.resp3()).feed("*2\r\n$6\r\nserver\r\n$5\r\nredis\r\n");
        assertThat(ofResp3.outcome().violation()).isEqualTo("expected a map as the answer to HELLO");
    }

    @Test
    void without_anything_to_say_nothing_waits() {
        assertThat(greet(Hello.resp2()).holdsWrites()).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "-WRONGPASS invalid username-password pair|HELLO|check the name and the password",
                "-NOAUTH HELLO must be called with the client already authenticated|HELLO|Hello.password",
                "-NOPROTO unsupported protocol version|HELLO|Hello.resp2",
                "-ERR unknown command 'HELLO', with args beginning with: '3'|HELLO|older than Redis 6",
                "-ERR max number of clients reached|HELLO|maxclients",
                "-LOADING Redis is loading the dataset in memory|HELLO|try again",
                "-NOPERM this user has no permissions|HELLO|access control list",
            })
    void what_is_refused_fails_with_what_to_do(String answer, String command, String advice) {
        assertThatThrownBy(() -> greet(Hello.resp3().user("me", "secret")).feed(answer + "\r\n"))
                .hasRootCauseInstanceOf(RespException.class)
                .rootCause()
                .hasMessageContaining("the server has refused " + command)
                .hasMessageContaining(answer.substring(1))
                .hasMessageContaining(advice)
                .hasMessageNotContaining("secret");
    }

    @Test
    void a_refusal_says_whether_it_may_go_away_by_itself() {
        for (String each :
                new String[] {"LOADING a", "BUSY a", "TRYAGAIN", "CLUSTERDOWN", "ERR max number of clients reached"}) {
            assertThat(new RespException(new Reply.Failed(each)).isTemporary())
                    .as(each)
                    .isTrue();
        }
        for (String each : new String[] {"ERR a", "NOAUTH", "WRONGTYPE a", "READONLY a"}) {
            assertThat(new RespException(new Reply.Failed(each)).isTemporary())
                    .as(each)
                    .isFalse();
            assertThat(new RespException(new Reply.Failed(each)).said()).isEqualTo(each);
        }
    }

    @Test
    void a_database_that_is_refused_is_named() {
        assertThatThrownBy(() -> greet(Hello.resp2().database(99)).feed("-ERR DB index is out of range\r\n"))
                .rootCause()
                .hasMessageContaining("SELECT 99");
    }

    @Test
    void where_it_is_broken_does_not_depend_on_how_the_answer_comes() {
        var codec = RespCodecs.greeting(Hello.resp3(), Pairing.REPLIES);
        assertThat(CodecHarness.decode(codec, "=5\r\ntxt:a\r\n").offset()).isEqualTo(11);
        String push = ">2\r\n+a\r\n$1\r\nb\r\n";
        assertThat(CodecHarness.decode(codec, MAP + push).offset()).isEqualTo(MAP.length() + push.length());
    }

    @Test
    void other_answers_than_those_break_the_protocol() {
        assertThat(greet(Hello.resp3()).feed("+OK\r\n").outcome().violation())
                .isEqualTo("expected a map as the answer to HELLO");
        assertThat(greet(Hello.resp3().database(1))
                        .feed(MAP + ">1\r\n+a\r\n")
                        .outcome()
                        .violation())
                .contains("a push (a), and nobody takes pushes");
        assertThat(greet(Hello.resp3()).feed("HTTP/1.1 400\r\n").outcome().violation())
                .contains("found 'H'");
    }

    @Test
    void an_end_before_the_answer_is_said_to_be_one() {
        assertThatThrownBy(() -> greet(Hello.resp2().password("secret")).endOfInput())
                .rootCause()
                .isExactlyInstanceOf(IOException.class)
                .hasMessageContaining("before it had answered AUTH")
                .hasMessageNotContaining("secret");
        assertThat(greet(Hello.resp3()).feed("%1\r\n").endOfInput().outcome().violation())
                .isEqualTo("the stream ended within a reply");
    }

    @Test
    void what_can_not_be_asked_for_is_refused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Hello.resp3().clientName("a b"));
        assertThatIllegalArgumentException().isThrownBy(() -> Hello.resp3().clientName(""));
        assertThatIllegalArgumentException().isThrownBy(() -> Hello.resp3().database(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> Hello.resp3().then(Command.of("MONITOR")));
        assertThatIllegalArgumentException().isThrownBy(() -> Hello.resp3().then(Command.of("HELLO", "2")));
    }

    @Test
    void secrets_are_not_shown() {
        assertThat(Hello.resp3()
                        .user("me", "secret")
                        .clientName("n")
                        .database(2)
                        .then(Command.of("READONLY")))
                .hasToString("Hello[RESP3, user me, client n, database 2, 1 more commands]");
        assertThat(Hello.resp2().password("secret")).hasToString("Hello[RESP2, user default]");
    }

    @Test
    void a_push_that_nobody_takes_breaks_the_protocol_and_with_somebody_it_is_given() {
        var nobody = greet(Hello.resp3()).feed(MAP + ">1\r\n+news\r\n").outcome();
        assertThat(nobody.violation()).contains("a push (news)", "Resp.client");
        var somebody = new CodecHarness<>(RespCodecs.greeting(Hello.resp3(), Pairing.REPLIES_AND_PUSHES))
                .feed(MAP + "|0\r\n>1\r\n+news\r\n")
                .outcome();
        assertThat(somebody.messages()).hasSize(1).allMatch(each -> Reply.isPush((Reply) each));
    }

    @Test
    void what_would_undo_it_is_refused() {
        var resp3 = greet(Hello.resp3()).feed(MAP);
        for (String each : new String[] {"HELLO 2", "RESET", "CLIENT TRACKING ON", "client tracking on BCAST"}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> resp3.write(Command.of(each.split(" "))))
                    .withMessageStartingWith(each.split(" ")[0].toUpperCase(Locale.ROOT));
        }
        assertThat(resp3.write(Command.of("HELLO", "3"))).startsWith("*2");
        assertThat(new CodecHarness<>(RespCodecs.greeting(Hello.resp3(), Pairing.REPLIES_AND_PUSHES))
                        .feed(MAP)
                        .write(Command.of("CLIENT", "TRACKING", "ON")))
                .startsWith("*3");
    }
}
