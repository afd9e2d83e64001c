package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a stack shows of the running code, and whose code it is. The innermost frame comes first. */
class StackTracesTest {
    private static StackTraceElement frame(String method) {
        int dot = method.lastIndexOf('.');
        return new StackTraceElement(method.substring(0, dot), method.substring(dot + 1), null, -1);
    }

    private static boolean loadsClasses(String... methods) {
        var stack = new ArrayList<StackTraceElement>();
        for (String each : methods) {
            stack.add(frame(each));
        }
        return StackTraces.loadsClasses(stack, Tick.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "user.Type.<clinit>",
                "java.lang.ClassLoader.loadClass",
                "jdk.internal.loader.BuiltinClassLoader.loadClass",
                "java.lang.invoke.MethodHandleNatives.linkCallSite"
            })
    void loading_linking_and_initializing_classes_is_told_from_other_work(String method) {
        assertThat(loadsClasses("java.io.File.read", method, "user.Type.handle", "rill.Tick.run"))
                .isTrue();
        assertThat(loadsClasses("java.io.File.read", "user.Type.handle", "rill.Tick.run"))
                .isFalse();
    }

    @Test
    void what_is_below_the_loop_does_not_count() {
        assertThat(loadsClasses("user.Type.handle", "rill.Tick.run", "user.Main.<clinit>"))
                .isFalse();
    }

    @Test
    void a_stack_without_a_loop_is_looked_at_whole() {
        assertThat(loadsClasses("user.Type.handle", "user.Main.run")).isFalse();
        assertThat(loadsClasses("user.Type.handle", "user.Main.<clinit>")).isTrue();
        assertThat(StackTraces.loadsClasses(List.of(), Tick.class)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "java.util.List.of, true, false",
        "javax.net.ssl.SSLEngine.wrap, true, false",
        "jdk.internal.misc.Unsafe.park, true, false",
        "sun.nio.ch.Net.poll, true, false",
        "com.sun.proxy.Any.call, true, false",
        "rill.Tick.run, false, true",
        "rill.spi.Wire.flush, false, true",
        "rill.transport.nio.NioTransport.open, false, true",
        "rill.codec.Lines.decode, false, true",
        "rill.http.HttpServer.serve, false, true",
        "rill.bridge.netty.NettyHandlers.layer, false, true",
        "rill.metrics.micrometer.RillMetrics.bindTo, false, true",
        "io.netty.buffer.ByteBuf.release, false, true",
        "rill.examples.Main.main, false, false",
        "javafx.Type.run, false, false",
        "user.Type.run, false, false"
    })
    void a_frame_is_the_jdks_or_ours_or_the_users(String method, boolean jdks, boolean ours) {
        assertThat(StackTraces.ofJdk(frame(method))).isEqualTo(jdks);
        assertThat(StackTraces.ofRill(frame(method))).isEqualTo(ours);
        assertThat(StackTraces.ofUser(frame(method))).isEqualTo(!jdks && !ours);
    }
}
