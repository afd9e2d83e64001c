package rill.transport.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.testkit.Leaks;

/** The content of pictures, and their readability. */
@ExtendWith(Leaks.class)
class PictureTest {
    private static final Pattern TEXT = Pattern.compile(
            "<text x=\"(-?\\d+)\" y=\"(-?\\d+)\" font-size=\"(\\d+)\" fill=\"[^\"]*\" text-anchor=\"(\\w+)\"[^>]*>([^<]*)</text>");
    private static final UnixDomainSocketAddress PATH = UnixDomainSocketAddress.of("/run/my.socket");

    @TempDir
    private Path folder;

    /** A label with the space that it takes. */
    private record Label(String text, double left, double top, double right, double bottom) {
        static Label of(Matcher found) {
            String text = found.group(5).replace("&amp;", "&").replace("&lt;", "<");
            int size = Integer.parseInt(found.group(3));
            double width = Svg.width(text, size);
            double x = Integer.parseInt(found.group(1));
            double left = switch (found.group(4)) {
                case "end" -> x - width;
                case "middle" -> x - width / 2;
                default -> x;
            };
            double y = Integer.parseInt(found.group(2));
            return new Label(text, left, y - 0.78 * size, left + width, y + 0.22 * size);
        }

        boolean overlaps(Label other) {
            return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
        }
    }

    private String draw(Timeline timeline) throws IOException {
        Path file = folder.resolve("picture.svg");
        timeline.writePicture(file);
        return Files.readString(file);
    }

    private static List<Label> labels(String picture) {
        var labels = new ArrayList<Label>();
        Matcher found = TEXT.matcher(picture);
        while (found.find()) {
            labels.add(Label.of(found));
        }
        return labels;
    }

    private static void assertReadable(String picture) {
        List<Label> labels = labels(picture);
        var over = new ArrayList<String>();
        for (int i = 0; i < labels.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (labels.get(i).overlaps(labels.get(j))) {
                    over.add(labels.get(i) + " over " + labels.get(j));
                }
            }
        }
        assertThat(over).isEmpty();
        Matcher width = Pattern.compile("<svg[^>]* width=\"(\\d+)\"").matcher(picture);
        assertThat(width.find()).isTrue();
        assertThat(labels).allMatch(each -> each.left >= 0 && each.right <= Integer.parseInt(width.group(1)));
    }

    // ---- a run with a little of everything

    private static Simulation busy(long seed) throws IOException {
        var sim = Simulation.seed(seed).record().expect(failure -> true);
        sim.host("a server with a name that is rather long", host -> {
            Echo.serve(host);
            host.unlink(PATH.getPath());
            Loop local = host.loop("local");
            local.serve(PATH, Pipeline.bytes(), Future::of)
                    .onDone((listener, failure) -> local.connect(PATH, Pipeline.bytes())
                            .onDone((connection, none) -> connection.write(Echo.text("hello within"))));
        });
        String server = sim.hosts().getFirst().name();
        sim.inject(
                Faults.loss(server, "client1", 0.2 * sim.host("client1").loops().size() + 0.1));
        for (int i = 1; i <= 4; i++) {
            Host host = i == 1 ? sim.hosts().get(1) : sim.host("client" + i);
            Loop loop = host.loop("main");
            int number = i;
            loop.task("talk", () -> {
                for (int n = 0; n < 20; n++) {
                    try {
                        var connection = loop.connect(server, Echo.PORT, Pipeline.bytes())
                                .timeout(Duration.ofMillis(400))
                                .await();
                        connection.write(Echo.text("request " + n + " of client " + number + " with <&>"));
                        ByteBuf answer = connection
                                .receive()
                                .timeout(Duration.ofMillis(300))
                                .await();
                        if (answer != null) {
                            answer.release();
                        }
                        connection.close();
                    } catch (IOException failed) {
                        sim.note("client " + number + " was told: " + failed.getMessage());
                    }
                    loop.delay(Duration.ofMillis(sim.random().nextInt(60))).await();
                }
                return null;
            });
        }
        sim.inject(Faults.swarm());
        sim.run(Duration.ofSeconds(3));
        return sim;
    }

    @Test
    void labels_never_overlap_and_are_within_the_picture() throws IOException {
        for (int seed = 1; seed <= 12; seed++) {
            try (var sim = busy(seed)) {
                Timeline all = sim.timeline();
                assertReadable(draw(all));
                assertReadable(draw(all.between(Duration.ofMillis(100), Duration.ofMillis(300))));
                assertReadable(draw(all.ofHosts("client1").withoutTimers()));
                assertReadable(draw(all.ofHosts("client2", "client3")));
                assertReadable(draw(all.ofConnections(1, 2, 3)));
            }
        }
    }

    @Test
    void a_range_of_time_is_what_is_shown_and_written() throws IOException {
        try (var sim = busy(1)) {
            Timeline part = sim.timeline().between(Duration.ofMillis(100), Duration.ofMillis(200));
            Path json = folder.resolve("part.json");
            part.writeJson(json);
            assertThat(Files.readAllLines(json))
                    .isNotEmpty()
                    .allMatch(line -> line.matches("\\{\"at\":(1\\d{8}|200000000),.*"));
            assertThat(draw(part)).contains("from 1").contains(" ms to 1").doesNotContain("to 3.0000 s");
        }
    }

    @Test
    void hosts_are_columns_and_what_comes_from_others_says_so() throws IOException {
        try (var sim = busy(1)) {
            String picture = draw(sim.timeline().ofHosts("client2"));
            assertThat(labels(picture))
                    .extracting(Label::text)
                    .contains("client2")
                    .doesNotContain("client3");
            assertThat(picture).contains("→ a server with", "← a server with");
        }
    }

    @Test
    void a_connection_is_shown_alone() throws IOException {
        try (var sim = busy(1)) {
            String picture = draw(sim.timeline().ofConnections(2));
            assertThat(picture).contains("▫ connection 2").doesNotContain("▫ connection 1<", "▫ connection 3", ">◷ ");
        }
    }

    @Test
    void timers_are_left_out_if_wanted() throws IOException {
        try (var sim = busy(1)) {
            assertThat(draw(sim.timeline())).contains(">◷ ");
            assertThat(draw(sim.timeline().withoutTimers())).doesNotContain(">◷ ");
        }
    }

    @Test
    void what_is_not_there_is_a_clear_error() throws IOException {
        try (var sim = busy(1)) {
            Timeline all = sim.timeline();
            assertThatThrownBy(() -> all.ofHosts("client9"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("there is no host client9; the hosts are ")
                    .hasMessageContaining("client4");
            assertThatThrownBy(() -> all.ofConnections(0)).hasMessageContaining("connection 0 nothing was recorded");
            assertThatThrownBy(() -> all.ofConnections(1, 10_000))
                    .hasMessageContaining("connection 10000 nothing was recorded; the last one is ");
            assertThatThrownBy(() -> all.between(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                    .hasMessageContaining("no time between");
            assertThatThrownBy(() -> all.between(Duration.ofSeconds(-2), Duration.ofSeconds(1)))
                    .hasMessageContaining("no time between");
        }
    }

    // ---- failures and faults

    @Test
    void a_picture_is_around_the_failure_with_more_before_it_than_after() throws IOException {
        try (var sim = Simulation.seed(1).fix(Freedom.values()).record()) {
            Loop loop = sim.host("host").loop("main");
            for (int i = 0; i < 1_000; i++) {
                int number = i;
                loop.schedule(Duration.ofMillis(i), "timer " + i + ".", () -> {
                    if (number == 500) {
                        sim.trace().mark(Trace.Kind.FAILED, "failed: here");
                    }
                });
            }
            sim.run(Duration.ofMillis(900));
            String picture = draw(sim.timeline());
            assertThat(picture)
                    .contains("failed: here")
                    .contains("timer 380.", "timer 500.", "timer 520.")
                    .doesNotContain("timer 350.", "timer 540.");
            assertThat(draw(sim.timeline().between(Duration.ofMillis(100), Duration.ofMillis(120))))
                    .contains("timer 100.", "timer 120.")
                    .doesNotContain("failed: here", "timer 121.");
        }
    }

    @Test
    void what_fails_a_run_is_marked_where_it_happens_and_changes_no_hash() throws IOException {
        var hashes = new ArrayList<String>();
        for (boolean recorded : new boolean[] {true, false}) {
            try (var sim = Simulation.seed(1)) {
                if (recorded) {
                    sim.record();
                }
                sim.host("host").loop("main").schedule(Duration.ofMillis(5), "wrong", () -> {
                    throw new IllegalStateException("here");
                });
                assertThatThrownBy(() -> sim.run(Duration.ofSeconds(1)));
                hashes.add(sim.traceHash());
                if (recorded) {
                    assertThat(draw(sim.timeline())).contains("failed: on host host: host/main: wrong threw");
                }
            }
        }
        assertThat(hashes.getFirst()).isEqualTo(hashes.getLast());
    }

    @Test
    void faults_that_began_earlier_are_at_the_edge_recorded_or_not_and_a_host_that_is_down_is_drawn_so()
            throws IOException {
        try (var sim = Simulation.seed(1).fix(Freedom.values())) {
            Loop loop = sim.host("client").loop("main");
            sim.host("server");
            sim.host("other");
            sim.inject(Faults.latency("client", "other", Latency.fixed(Duration.ofSeconds(1))))
                    .close();
            sim.inject(Faults.loss("client", "server", 0.5));
            sim.record();
            sim.inject(Faults.crash("server"));
            for (int i = 0; i < 300; i++) {
                loop.schedule(Duration.ofMillis(i), "timer", () -> {});
            }
            sim.schedule(Duration.ofMillis(290), Duration.ofMillis(5), Faults.refuse("client", 7));
            sim.run(Duration.ofMillis(300));
            String picture = draw(sim.timeline());
            assertThat(picture)
                    .contains("loss client → server 0.5, since 0 µs", "crash server, since 0 µs", ">refuse client:7<")
                    .doesNotContain("latency");
            assertThat(picture).contains("stroke=\"#d33\" stroke-width=\"5.0\""); // the server's line
            assertThat(draw(sim.timeline().ofHosts("other"))).doesNotContain("loss", "crash", "refuse");
            assertThat(draw(sim.timeline().between(Duration.ofMillis(291), Duration.ofMillis(293))))
                    .contains("refuse client:7, since 290.0 ms");
            assertThat(draw(sim.timeline().between(Duration.ofMillis(296), Duration.ofMillis(299))))
                    .doesNotContain("refuse");
            assertReadable(picture);
        }
    }
}
