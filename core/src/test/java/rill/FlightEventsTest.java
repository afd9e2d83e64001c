package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import rill.testing.Loops;

/** What a flight recording shows. */
@Tag("slow")
class FlightEventsTest {
    @TempDir
    Path folder;

    private interface Work {
        void run() throws Exception;
    }

    /** The events of Rill recorded during the work. */
    private List<RecordedEvent> recorded(Work work) throws Exception {
        Path file = folder.resolve("rill.jfr");
        try (var recording = new Recording()) {
            recording.start();
            work.run();
            recording.stop();
            recording.dump(file);
        }
        try {
            return RecordingFile.readAllEvents(file).stream()
                    .filter(event -> event.getEventType().getName().startsWith("rill."))
                    .toList();
        } finally {
            Files.delete(file);
        }
    }

    private static List<RecordedEvent> of(List<RecordedEvent> all, String name) {
        return all.stream()
                .filter(event -> event.getEventType().getName().equals("rill." + name))
                .toList();
    }

    @Test
    void connections_failed_calls_and_reconnects_are_recorded() throws Exception {
        List<RecordedEvent> all = recorded(() -> {
            try (var rig = new PoolRig()) {
                var pool = rig.pool(PoolRig.protocol().naming(request -> "<" + request + ">"), PoolOptions.defaults());
                Future<String> put = rig.call(pool, "put");
                rig.loops.clock().advance(Duration.ofMillis(30));
                rig.lastPeer().aborts();
                rig.failureOf(put);
            }
        });
        assertThat(of(all, "ConnectionOpened"))
                .hasSize(2)
                .allMatch(event -> event.getString("loop").startsWith("loop-"));
        assertThat(of(all, "ConnectionClosed"))
                .hasSize(2)
                .extracting(event -> event.getString("failure"))
                .satisfiesExactlyInAnyOrder(
                        ofPeer -> assertThat(ofPeer).isNull(),
                        ours -> assertThat(ours).contains("reset"));
        assertThat(of(all, "CallFailed")).singleElement().satisfies(event -> {
            assertThat(event.getString("request")).isEqualTo("<put>");
            assertThat(event.getString("outcome")).isEqualTo("PERHAPS_CARRIED_OUT");
            assertThat(event.getDuration("latency")).isEqualTo(Duration.ofMillis(30));
            assertThat(event.getString("failure")).contains("reset");
        });
        assertThat(of(all, "Reconnect")).singleElement().satisfies(event -> {
            assertThat(event.getString("pool")).startsWith("pool to ");
            assertThat(event.getBoolean("attempt")).isFalse();
            assertThat(event.getDuration("pause")).isPositive();
        });
    }

    @Test
    @Timeout(60)
    void a_slow_handle_is_recorded_with_its_name_and_place() throws Exception {
        List<RecordedEvent> all = recorded(() -> {
            try (var loops = Loops.realTime()) {
                Loop loop = loops.open(options -> options.slowHandle(Duration.ofMillis(20)))
                        .start();
                var end = new CountDownLatch(1);
                loop.schedule("the slow one", () -> awaitQuietly(end));
                Await.until(
                        "it is reported",
                        () -> !loops.reporter().take(Report.Slow.class).isEmpty());
                end.countDown();
            }
        });
        assertThat(of(all, "SlowHandle")).anySatisfy(event -> {
            assertThat(event.getString("handle")).isEqualTo("the slow one");
            assertThat(event.getDuration("held")).isGreaterThanOrEqualTo(Duration.ofMillis(20));
            assertThat(event.getString("stack")).contains("awaitQuietly");
        });
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            Await.latch(latch);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void the_module_of_the_flight_recorder_need_not_be_there() throws IOException {
        Path sources = Files.exists(Path.of("core")) ? Path.of("core") : Path.of("");
        String descriptor = Files.readString(sources.resolve("src/main/java/module-info.java"));
        assertThat(descriptor).contains("requires static jdk.jfr;");
    }
}
