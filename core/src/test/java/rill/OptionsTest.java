package rill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What all options have in common: they are asked as they are set. */
class OptionsTest {
    private static final List<Class<?>> ALL = List.of(
            LoopOptions.class, ConnectOptions.class, ListenOptions.class, PoolOptions.class, ConnectionLimits.class);

    /** Sets two values at once: the least and the most. */
    private static final Set<String> SEVERAL = Set.of("PoolOptions.connections");

    private static boolean sets(Method method) {
        return Modifier.isPublic(method.getModifiers())
                && !Modifier.isStatic(method.getModifiers())
                && method.getReturnType() == method.getDeclaringClass()
                && method.getParameterCount() > 0;
    }

    /** Whether it sets one value. */
    private static boolean isOne(Method setter) {
        return setter.getParameterCount() == 1 || setter.getParameterTypes()[0] == SocketOption.class;
    }

    private static boolean gets(Class<?> type, Method setter) {
        Class<?>[] parameters = setter.getParameterTypes();
        return Arrays.stream(type.getMethods())
                .filter(each -> each.getName().equals(setter.getName()) && each.getReturnType() != type)
                .anyMatch(each ->
                        Arrays.equals(each.getParameterTypes(), Arrays.copyOf(parameters, parameters.length - 1)));
    }

    @Test
    void what_sets_one_value_has_the_name_of_what_asks_for_it() {
        var without = new TreeSet<String>();
        for (Class<?> type : ALL) {
            for (Method each : type.getMethods()) {
                String name = type.getSimpleName() + "." + each.getName();
                if (sets(each) && isOne(each) && !gets(type, each) && !SEVERAL.contains(name)) {
                    without.add(name);
                }
            }
        }
        assertThat(without).isEmpty();
    }

    @Test
    void a_socket_option_that_was_not_set_is_left_to_the_usual_one() {
        ConnectOptions connect = ConnectOptions.defaults().option(StandardSocketOptions.SO_RCVBUF, 4096);
        assertThat(connect.option(StandardSocketOptions.SO_RCVBUF)).isEqualTo(4096);
        assertThat(connect.option(StandardSocketOptions.TCP_NODELAY)).isNull();
        ListenOptions listen = ListenOptions.defaults()
                .option(StandardSocketOptions.SO_KEEPALIVE, true)
                .listenerOption(StandardSocketOptions.SO_REUSEADDR, false);
        assertThat(listen.option(StandardSocketOptions.SO_KEEPALIVE)).isTrue();
        assertThat(listen.option(StandardSocketOptions.SO_REUSEADDR)).isNull();
        assertThat(listen.listenerOption(StandardSocketOptions.SO_REUSEADDR)).isFalse();
        assertThat(connect.toString()).contains("options={SO_RCVBUF=4096}");
        assertThat(listen.toString()).contains("listenerOptions={SO_REUSEADDR=false}, options={SO_KEEPALIVE=true}");
        var address = new InetSocketAddress(1);
        assertThat(connect.socketTo(address).get(StandardSocketOptions.TCP_NODELAY))
                .isTrue();
        assertThat(listen.listenerAt(address).get(StandardSocketOptions.SO_REUSEADDR))
                .isFalse();
    }

    @Test
    void bounds_of_closing_that_make_no_sense_are_refused_by_name() {
        ConnectionLimits limits = ConnectionLimits.defaults();
        assertThat(limits.closeProgress(Duration.ofSeconds(1)).drainBytes(0).drainBytes())
                .isZero();
        assertThatThrownBy(() -> limits.closeProgress(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("closeProgress has to be positive");
        assertThatThrownBy(() -> limits.drainBytes(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("drainBytes can't be negative: -1");
    }
}
