package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The script {@code rill}, in a folder of its own, with tools that only record how they were called. */
@Tag("slow")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there it needs a bash of somebody else's")
class ScriptTest {
    /** All tools that it may use: nothing else is on its path, not even java. */
    private static final List<String> TOOLS = List.of(
            "awk",
            "bash",
            "cat",
            "dirname",
            "env",
            "find",
            "grep",
            "head",
            "mkdir",
            "mktemp",
            "mv",
            "readlink",
            "rm",
            "sed",
            "sleep",
            "tail",
            "tee",
            "touch");

    private static final List<String> PEERS = List.of(
            "cc",
            "redis-server",
            "redis-benchmark",
            "strace",
            "curl",
            "nginx",
            "openssl",
            "python3",
            "danted",
            "haproxy",
            "memcached",
            "microsocks",
            "tinyproxy",
            "node",
            "npm",
            "ab",
            "wrk",
            "h2load",
            "slowhttptest",
            "apache2");

    private static final String MVN = """
            if [ "$1" = -v ]; then echo "Apache Maven 3.9.9"; exit; fi
            echo "mvn $*" >>"$NOTES/calls"
            echo "lacking $RILL_LACKING" >"$NOTES/lacking"
            if [ -f "$NOTES/mvn-fails" ]; then exit 1; fi
            if [ -f "$NOTES/mvn-lasts" ]; then
              trap 'trap "" TERM; echo told; read -r word; echo "ended at $word"; exit 1' TERM
              sleep 1000 &
              echo lasts
              wait
            fi
            if [ -f "$NOTES/mvn-is-killed" ]; then kill -9 "$PPID"; exit 1; fi
            for program in examples benchmarks; do mkdir -p $program/target/lib; touch $program/target/lib/some.jar; done
            """;

    private static final String JAVA = """
            if [ ! -f examples/target/lib/some.jar ]; then echo "Module info.picocli not found"; exit 1; fi
            echo "demo $*"
            """;

    private static final String NO_JDK_INSTALLED = "no JDK 25 or later found";

    @TempDir
    private Path folder;

    private Path bin;

    @BeforeEach
    void layOut() throws IOException {
        bin = Files.createDirectories(folder.resolve("bin"));
        for (String tool : TOOLS) {
            write(bin.resolve(tool), "#!/bin/sh\nexec " + Programs.required(tool) + " \"$@\"\n");
        }
        if (OS.MAC.isCurrentOs()) { // elsewhere the script looks at processes in /proc
            write(bin.resolve("ps"), "#!/bin/sh\nexec " + Programs.required("ps") + " \"$@\"\n");
        }
        String rill = Files.readString(Path.of("../rill"));
        assertThat(rill).contains("/usr/lib/jvm/*");
        write(folder.resolve("rill"), rill.replace("/usr/lib/jvm/*", folder + "/jvm/*"));
        Files.writeString(folder.resolve("pom.xml"), "<project>\n  <version>1.2.3</version>\n</project>\n");
        for (String module : List.of("core", "examples", "benchmarks")) {
            Files.createDirectories(folder.resolve(module).resolve("src/main"));
            Files.writeString(folder.resolve(module).resolve("pom.xml"), "<project/>");
        }
        tool("mvn", MVN);
        for (String peer : PEERS) {
            tool(peer, "");
        }
        tool("id", "echo 0");
        tool("apt-get", "echo \"apt-get $*\" >>\"$NOTES/calls\"");
        tool("apt-cache", "if [ -f \"$NOTES/candidate\" ]; then cat \"$NOTES/candidate\"; fi");
        Path scripts = Files.createDirectories(folder.resolve("scripts"));
        write(
                scripts.resolve("apt-install.sh"),
                "#!/usr/bin/env bash\necho \"apt-install $*\" >>\"$NOTES/calls\"\nmv \"$NOTES/jdk\" \"$NOTES/jvm\"\n");
        write(scripts.resolve("npm-install.sh"), "#!/usr/bin/env bash\n");
        for (String script : List.of("child.sh", "containers.sh")) {
            write(
                    scripts.resolve(script),
                    Files.readString(Path.of("../scripts").resolve(script)));
        }
    }

    private void tool(String name, String body) throws IOException {
        write(bin.resolve(name), "#!/usr/bin/env bash\n" + body);
    }

    private static void write(Path file, String script) throws IOException {
        Files.writeString(file, script);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    /** Creates a JDK in one of the folders that the script searches or can copy from. */
    private void jdk(String where) throws IOException {
        Path jdk = Files.createDirectories(folder.resolve(where).resolve("some-jdk/bin"));
        write(jdk.resolve("javac"), "#!/usr/bin/env bash\n");
        write(jdk.resolve("java"), "#!/usr/bin/env bash\n" + JAVA);
        Files.writeString(jdk.resolveSibling("release"), "JAVA_VERSION=\"25.0.1\"\n");
    }

    private final Map<String, String> environment = new HashMap<>();

    private Programs.Result rill(String... arguments) throws IOException, InterruptedException {
        return Programs.run(builder(List.of(), arguments));
    }

    /** The script, behind the beginning of another command line. */
    private ProcessBuilder builder(List<String> before, String... arguments) {
        var command = new ArrayList<>(before);
        command.add(folder.resolve("rill").toString());
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().put("PATH", bin.toString());
        builder.environment().put("HOME", folder.toString());
        builder.environment().put("NOTES", folder.toString());
        builder.environment().put("TMPDIR", folder.toString());
        builder.environment().putAll(environment);
        return builder.directory(new File("/"));
    }

    /** The script while Maven runs, and has started something itself. */
    private final class Running implements AutoCloseable {
        private final Process process;
        private final BufferedReader output;
        private final List<ProcessHandle> below;

        Running(List<String> before, String... arguments) throws IOException {
            note("mvn-lasts");
            process = builder(before, arguments).redirectErrorStream(true).start();
            output = process.inputReader();
            String line = output.readLine();
            while (line != null && !line.equals("lasts")) {
                line = output.readLine();
            }
            assertThat(line).as("Maven has begun").isNotNull();
            below = process.descendants().toList();
        }

        void signal(String name) throws IOException, InterruptedException {
            Programs.signal(process, name);
        }

        /** Lets Maven end, which was told to. */
        void letEnd() throws IOException {
            process.outputWriter().append("last\n").flush();
        }

        /** Waits until all that had this output is over, and then for the script. */
        int status() throws IOException, InterruptedException {
            output.readAllAsString();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).as("it ends").isTrue();
            return process.exitValue();
        }

        @Override
        public void close() {
            below.forEach(ProcessHandle::destroyForcibly);
            Programs.end(process);
        }
    }

    private List<String> calls() throws IOException {
        Path calls = folder.resolve("calls");
        return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
    }

    private void note(String name, String... lines) throws IOException {
        Files.write(folder.resolve(name), List.of(lines));
    }

    private void forget(String name) throws IOException {
        Files.delete(folder.resolve(name));
    }

    // ---- building to run

    @Test
    void a_demo_builds_once_and_runs() throws Exception {
        jdk("jvm");
        for (int i = 0; i < 2; i++) {
            var demo = rill("demo", "echo");
            assertThat(demo.status()).as(demo.all()).isZero();
            assertThat(demo.output()).startsWith("demo ").endsWith(" rill.examples/rill.examples.Main echo\n");
        }
        assertThat(calls()).hasSize(1);
    }

    @Test
    void after_tests_that_failed_a_demo_builds_again() throws Exception {
        jdk("jvm");
        assertThat(rill("demo").status()).isZero();
        note("mvn-fails");
        assertThat(rill("test").status()).isEqualTo(1);
        forget("mvn-fails");
        var demo = rill("demo");
        assertThat(demo.status()).as(demo.all()).isZero();
        assertThat(calls()).hasSize(3);
    }

    @Test
    void after_tests_or_a_build_that_were_killed_a_demo_builds_again() throws Exception {
        jdk("jvm");
        assertThat(rill("demo").status()).isZero();
        for (String command : List.of("test", "demo")) {
            Files.writeString(folder.resolve("pom.xml"), "<project/>"); // so that a demo has to build
            note("mvn-is-killed");
            assertThat(rill(command).status()).as(command).isEqualTo(128 + 9);
            forget("mvn-is-killed");
            var demo = rill("demo");
            assertThat(demo.status()).as(demo.all()).isZero();
        }
        assertThat(calls()).hasSize(5);
    }

    @Test
    void a_build_that_fails_is_said_and_nothing_runs() throws Exception {
        jdk("jvm");
        note("mvn-fails");
        var demo = rill("demo");
        assertThat(demo.status()).isEqualTo(1);
        assertThat(demo.output()).isEmpty();
        assertThat(demo.errors()).contains("rill: the build failed");
    }

    // ---- being told to end

    @ParameterizedTest
    @CsvSource({"HUP, 129", "INT, 130", "TERM, 143"})
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whoever_ends_the_script_ends_maven_which_may_take_its_time(String signal, int status) throws Exception {
        jdk("jvm");
        try (var running = new Running(Programs.mindingSignals(), "test")) {
            running.signal(signal);
            assertThat(running.output.readLine()).isEqualTo("told");
            assertThat(running.process.isAlive()).as("the script waits").isTrue();
            running.letEnd();
            assertThat(running.output.readLine()).isEqualTo("ended at last");
            assertThat(running.output.readLine()).as("a summary").isNull();
            assertThat(running.status()).isEqualTo(status);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "demo",
                "bench",
                "install",
                "api",
                "test --quick",
                "test --stress",
                "test --mutants",
                "test --storm 1",
                "test --fuzz 1"
            })
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whatever_the_script_does_it_leaves_nothing_running(String command) throws Exception {
        jdk("jvm");
        try (var running = new Running(List.of(), command.split(" ", -1))) {
            running.letEnd();
            running.signal("TERM");
            assertThat(running.status()).isEqualTo(128 + 15);
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void tests_with_containers_leave_neither_maven_nor_a_folder() throws Exception {
        jdk("jvm");
        tool("docker", "");
        tool("uname", "echo Darwin"); // so that no image has to be made
        try (var running = new Running(List.of(), "test", "--containers")) {
            assertThat(temporaryFolders()).hasSize(1);
            running.signal("TERM");
            assertThat(running.output.readLine()).isEqualTo("told");
            running.signal("TERM"); // whoever is impatient gets no half of it
            running.letEnd();
            assertThat(running.status()).isEqualTo(128 + 15);
        }
        assertThat(temporaryFolders()).isEmpty();
    }

    private List<Path> temporaryFolders() throws IOException {
        try (var all = Files.newDirectoryStream(folder, "rill-containers.*")) {
            var found = new ArrayList<Path>();
            all.forEach(found::add);
            return found;
        }
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void a_signal_that_was_ignored_from_the_start_as_by_nohup_is_not_heeded() throws Exception {
        jdk("jvm");
        var nohup = List.of(Programs.required("sh"), "-c", "trap '' HUP; exec \"$@\"", "sh");
        try (var running = new Running(nohup, "test")) {
            running.signal("HUP");
            running.signal("TERM");
            running.letEnd();
            assertThat(running.status()).isEqualTo(128 + 15);
        }
    }

    // ---- what tests need besides

    @Test
    void before_tests_whatever_they_need_is_installed_as_root() throws Exception {
        jdk("jvm");
        for (String peer : PEERS) {
            Files.delete(bin.resolve(peer));
        }
        rill("test");
        // Python's and Node's packages are looked up as files, which this machine may have.
        assertThat(calls().getFirst().split(" ", -1))
                .startsWith(("apt-install gcc libc6-dev redis-server redis-tools strace curl nginx openssl python3"
                                + " dante-server haproxy memcached microsocks tinyproxy nodejs")
                        .split(" ", -1))
                .contains("apache2-utils", "wrk", "nghttp2-client", "slowhttptest", "apache2");
    }

    @Test
    void a_package_that_the_distribution_lacks_does_not_cost_the_others() throws Exception {
        jdk("jvm");
        Files.delete(bin.resolve("redis-server"));
        Files.delete(bin.resolve("wrk"));
        write(
                folder.resolve("scripts").resolve("apt-install.sh"),
                "#!/usr/bin/env bash\necho \"apt-install $*\" >>\"$NOTES/calls\"\n[[ $# == 1 && $1 != wrk ]]\n");
        assertThat(rill("test").errors()).contains("this distribution does not have wrk");
        assertThat(calls()).contains("apt-install redis-server", "apt-install wrk");
        assertThat(folder.resolve("lacking")).hasContent("lacking wrk");
        note("candidate", "  Candidate: 4.1.0-4");
        assertThat(rill("test").errors()).doesNotContain("this distribution does not have");
        assertThat(folder.resolve("lacking")).hasContent("lacking ");
    }

    @Test
    void nothing_is_installed_for_whoever_does_not_want_it() throws Exception {
        jdk("jvm");
        Files.delete(bin.resolve("redis-server"));
        environment.put("RILL_INSTALL", "0");
        assertThat(rill("test").errors()).contains("no redis-server found");
        assertThat(calls()).noneMatch(call -> call.startsWith("apt-install"));
    }

    @Test
    void an_option_that_replaces_the_tests_goes_with_no_other() throws Exception {
        jdk("jvm");
        for (String[] options :
                new String[][] {{"--stress", "--quick"}, {"--storm", "1", "--sim"}, {"--mutants", "--sim"}}) {
            var test = rill(Stream.concat(Stream.of("test"), Stream.of(options)).toArray(String[]::new));
            assertThat(test.status()).isEqualTo(2);
            assertThat(test.errors()).contains(options[0]);
        }
        for (String before : List.of("--containers", "--coverage", "--quick", "--sim")) {
            var test = rill("test", before, "--fuzz", "1");
            assertThat(test.status()).as(before).isEqualTo(2);
            assertThat(test.errors()).contains("--fuzz goes with no other option");
        }
        assertThat(rill("api", "--quick").status()).isEqualTo(2);
        assertThat(calls()).isEmpty();
    }

    @Test
    void a_maven_that_does_not_start_is_shown() throws Exception {
        jdk("jvm");
        tool("mvn", "echo 'no such flag' >&2; exit 1");
        var demo = rill("demo");
        assertThat(demo.status()).isEqualTo(2);
        assertThat(demo.errors()).contains("no such flag", "Maven does not start");
    }

    @Test
    void whoever_is_not_root_is_told_that_tests_will_be_skipped() throws Exception {
        jdk("jvm");
        tool("id", "echo 1000");
        Files.delete(bin.resolve("redis-server"));
        assertThat(rill("test").errors()).contains("no redis-server found");
        assertThat(calls()).singleElement().asString().startsWith("mvn ");
    }

    // ---- a JDK

    @Test
    void as_root_where_the_distribution_has_a_jdk_it_is_installed() throws Exception {
        jdk("jdk");
        note("candidate", "openjdk-25-jdk-headless:", "  Installed: (none)", "  Candidate: 25.0.1+8-1");
        var demo = rill("demo");
        assertThat(demo.status()).as(demo.all()).isZero();
        assertThat(calls()).startsWith("apt-install openjdk-25-jdk-headless");
    }

    @Test
    void the_lists_of_packages_are_fetched_if_they_do_not_have_it() throws Exception {
        jdk("jdk");
        tool(
                "apt-get",
                "echo \"  Candidate: 25.0.1+8-1\" >\"$NOTES/candidate\"; echo \"apt-get $1\" >>\"$NOTES/calls\"");
        var demo = rill("demo");
        assertThat(demo.status()).as(demo.all()).isZero();
        assertThat(calls()).startsWith("apt-get update", "apt-install openjdk-25-jdk-headless");
    }

    @Test
    void where_the_distribution_has_no_jdk_one_is_told_what_to_install() throws Exception {
        note("candidate", "openjdk-25-jdk-headless:", "  Installed: (none)", "  Candidate: (none)");
        var demo = rill("demo");
        assertThat(demo.status()).isEqualTo(2);
        assertThat(demo.errors()).contains(NO_JDK_INSTALLED, "Temurin");
        assertThat(calls()).containsExactly("apt-get update -q");
    }

    @Test
    void whoever_is_not_root_is_told_what_to_install() throws Exception {
        tool("id", "echo 1000");
        note("candidate", "  Candidate: 25.0.1+8-1");
        var demo = rill("demo");
        assertThat(demo.status()).isEqualTo(2);
        assertThat(demo.errors()).contains(NO_JDK_INSTALLED);
        assertThat(calls()).isEmpty();
    }

    // ---- install

    @Test
    void install_takes_the_libraries_alone_and_says_what_they_are_called() throws Exception {
        jdk("jvm");
        var install = rill("install");
        assertThat(install.status()).as(install.all()).isZero();
        assertThat(install.output()).contains("version 1.2.3", "dev.rill:rill-core\n", "dev.rill:rill-transport-sim\n");
        assertThat(calls())
                .singleElement()
                .asString()
                .contains(
                        " -Plibraries ",
                        "-pl .,bom,core,testkit,transport-nio,transport-epoll,transport-uring,transport-sim,codec,http,bridge-netty,metrics-micrometer ")
                .doesNotContain("examples", "benchmarks")
                .endsWith(" install");
    }

    @Test
    void an_installation_that_fails_is_a_failure() throws Exception {
        jdk("jvm");
        note("mvn-fails");
        var install = rill("install");
        assertThat(install.status()).isEqualTo(1);
        assertThat(install.output()).isEmpty();
        assertThat(rill("install", "quickly").status()).isEqualTo(2);
    }
}
