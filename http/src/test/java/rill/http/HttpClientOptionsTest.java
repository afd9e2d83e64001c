package rill.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import rill.ConnectOptions;
import rill.codec.tls.Tls;
import rill.codec.tls.TlsClient;
import rill.http.wire.HttpFields;
import rill.http.wire.HttpLimits;

/** What the options of a client say is what was set, and a copy changes nothing else. */
class HttpClientOptionsTest {
    private static final Duration TIME = Duration.ofMillis(1234);
    private static final HttpClientOptions DEFAULTS = HttpClientOptions.defaults();

    @Test
    void the_defaults_are_as_documented() {
        assertThat(DEFAULTS.connections()).isEqualTo(16);
        assertThat(DEFAULTS.waiting()).isEqualTo(1024);
        assertThat(DEFAULTS.waitTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(DEFAULTS.idleTime()).isEqualTo(Duration.ofSeconds(30));
        assertThat(DEFAULTS.headTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(DEFAULTS.progressTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(DEFAULTS.deadline()).isZero();
        assertThat(DEFAULTS.bodyBytes()).isEqualTo(8 << 20);
        assertThat(DEFAULTS.inflate()).isTrue();
        assertThat(DEFAULTS.inflatedBytes()).isEqualTo(1 << 30);
        assertThat(DEFAULTS.inflatedRatio()).isEqualTo(100);
        assertThat(DEFAULTS.redirects()).isZero();
        assertThat(DEFAULTS.retries()).isZero();
        assertThat(DEFAULTS.firstPause()).isEqualTo(Duration.ofMillis(100));
        assertThat(DEFAULTS.longestPause()).isEqualTo(Duration.ofSeconds(5));
        assertThat(DEFAULTS.proxy()).isNull();
        assertThat(DEFAULTS.fields().isEmpty()).isTrue();
        assertThat(DEFAULTS.limits()).isSameAs(HttpLimits.defaults());
        assertThat(DEFAULTS.connect()).isSameAs(ConnectOptions.defaults());
    }

    @Test
    void each_says_what_was_set() {
        ConnectOptions connect = ConnectOptions.defaults().timeout(TIME);
        TlsClient tls = Tls.client();
        HttpFields fields = HttpFields.of("A", "secret");
        HttpLimits limits = HttpLimits.defaults().fields(7);
        HttpProxy proxy = HttpProxy.at(InetSocketAddress.createUnresolved("proxy", 3128));
        assertThat(DEFAULTS.connect(connect).connect()).isSameAs(connect);
        assertThat(DEFAULTS.proxy(proxy).proxy()).isSameAs(proxy);
        assertThat(DEFAULTS.tls(tls).tls()).isSameAs(tls);
        assertThat(DEFAULTS.fields(fields).fields()).isSameAs(fields);
        assertThat(DEFAULTS.limits(limits).limits()).isSameAs(limits);
        assertThat(DEFAULTS.connections(2).connections()).isEqualTo(2);
        assertThat(DEFAULTS.waiting(0).waiting()).isZero();
        assertThat(DEFAULTS.waitTimeout(TIME).waitTimeout()).isEqualTo(TIME);
        assertThat(DEFAULTS.idleTime(TIME).idleTime()).isEqualTo(TIME);
        assertThat(DEFAULTS.headTimeout(TIME).headTimeout()).isEqualTo(TIME);
        assertThat(DEFAULTS.progressTimeout(TIME).progressTimeout()).isEqualTo(TIME);
        assertThat(DEFAULTS.deadline(TIME).deadline()).isEqualTo(TIME);
        assertThat(DEFAULTS.bodyBytes(3).bodyBytes()).isEqualTo(3);
        assertThat(DEFAULTS.inflate(false).inflate()).isFalse();
        HttpClientOptions inflated = DEFAULTS.inflated(4, 5);
        assertThat(inflated.inflatedBytes()).isEqualTo(4);
        assertThat(inflated.inflatedRatio()).isEqualTo(5);
        assertThat(DEFAULTS.redirects(6).redirects()).isEqualTo(6);
        assertThat(DEFAULTS.retries(7).retries()).isEqualTo(7);
        HttpClientOptions pauses = DEFAULTS.backOff(TIME, TIME.multipliedBy(2));
        assertThat(pauses.firstPause()).isEqualTo(TIME);
        assertThat(pauses.longestPause()).isEqualTo(TIME.multipliedBy(2));
        assertThat(pauses.deadline(TIME).firstPause()).isEqualTo(TIME);
    }

    @Test
    void they_say_so_in_words_except_for_the_fields() {
        assertThat(DEFAULTS.idleTime(TIME).fields(HttpFields.of("A", "secret")).toString())
                .contains("idleTime=PT1.234S", "deadline=PT0S", "backOff=PT0.1S..PT5S")
                .doesNotContain("secret");
    }

    @Test
    void no_deadline_may_be_said_and_less_than_none_not() {
        assertThat(DEFAULTS.deadline(TIME).deadline(Duration.ZERO).deadline()).isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.deadline(TIME.negated()))
                .withMessageContaining("deadline");
        assertThatIllegalArgumentException().isThrownBy(() -> DEFAULTS.idleTime(Duration.ZERO));
    }
}
