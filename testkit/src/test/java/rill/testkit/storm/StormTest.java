package rill.testkit.storm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import rill.testkit.storm.Step.Action;
import rill.testkit.storm.Step.Estimate;
import rill.testkit.storm.Step.Via;

/** The storm machinery itself: the same seed gives the same program, small programs fail, and the printed Java compiles. */
class StormTest {
    @TempDir
    private Path classes;

    @Test
    void the_same_seed_draws_the_same_program() {
        for (long seed = 1; seed < 50; seed++) {
            assertThat(Storm.drawn(seed)).isEqualTo(Storm.drawn(seed));
        }
        assertThat(Storm.drawn(1)).isNotEqualTo(Storm.drawn(2));
    }

    @Test
    void the_same_program_runs_in_the_same_way_twice() {
        for (long seed = 1; seed <= 20; seed++) {
            Program program = Storm.drawn(seed);
            assertThat(Storm.fingerprint(program, World::memory))
                    .as("seed " + seed)
                    .isEqualTo(Storm.fingerprint(program, World::memory));
        }
    }

    @Test
    void a_program_from_which_steps_were_taken_out_is_one_still() {
        Program whole = Storm.drawn(3);
        for (int i = 0; i < whole.steps().size(); i += 5) {
            List<Step> left = whole.steps().subList(i, whole.steps().size());
            assertThat(Storm.failure(whole.steps(left), World::memory)).isNull();
        }
    }

    @Test
    void a_failing_program_is_made_small() {
        Program large = withWriteAfter(Storm.drawn(8));
        Program small = Shrinker.shrink(
                large, program -> program.steps().contains(culprit()) ? new AssertionError("the culprit") : null, 1000);
        assertThat(small.steps()).containsExactly(culprit());
    }

    @Test
    void the_steps_that_are_left_are_made_simple() {
        Program large = Storm.program(1, new Step.Write(7, 70_000, 12, Estimate.HUGE, Via.THREAD, 6));
        Program small = Shrinker.shrink(
                large,
                program -> !program.steps().isEmpty()
                                && program.steps().getFirst() instanceof Step.Write write
                                && write.size() > 1000
                        ? new AssertionError("too large")
                        : null,
                1000);
        assertThat(small.steps()).containsExactly(new Step.Write(0, 1001, 0, Estimate.RIGHT, Via.LOOP, 0));
    }

    @Test
    void a_program_that_fails_in_another_way_is_not_taken_for_a_smaller_one() {
        Program large = withWriteAfter(Storm.drawn(8));
        Program small = Shrinker.shrink(
                large,
                program -> program.steps().contains(culprit())
                        ? new AssertionError("the culprit")
                        : new AssertionError("something else"),
                1000);
        assertThat(small.steps()).contains(culprit());
    }

    private static Step culprit() {
        return new Step.Do(Action.ABORT, 3, Via.OTHER_LOOP);
    }

    private static Program withWriteAfter(Program program) {
        var steps = new java.util.ArrayList<>(program.steps());
        steps.add(steps.size() / 2, culprit());
        return program.steps(steps);
    }

    // ---- Java

    @Test
    void a_program_is_printed_as_Java_that_compiles_and_makes_it_again() throws Exception {
        for (long seed = 1; seed <= 20; seed++) {
            Program drawn = Storm.drawn(seed);
            assertThat(compiled("Printed" + seed, drawn.toJava())).isEqualTo(drawn);
        }
        Program withTrap =
                Storm.program(-7, new Step.Trap(Step.Place.MESSAGE, 1, 2, new Step.Throw(Step.Thrown.ERROR)));
        assertThat(compiled("PrintedTrap", withTrap.toJava())).isEqualTo(withTrap);
    }

    private Program compiled(String name, String expression) throws Exception {
        String source = "import rill.testkit.storm.*;\npublic class " + name
                + " implements java.util.function.Supplier<Program> { public Program get() { return " + expression
                + "; } }";
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        var said = new StringWriter();
        var file =
                new SimpleJavaFileObject(
                        URI.create("string:///" + name + ".java"), javax.tools.JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        boolean good = compiler.getTask(
                        said,
                        null,
                        null,
                        List.of("-d", classes.toString(), "-proc:none", "-cp", System.getProperty("java.class.path")),
                        null,
                        List.of(file))
                .call();
        assertThat(good).as(said.toString()).isTrue();
        return load(name);
    }

    private Program load(String name) throws IOException, ReflectiveOperationException {
        try (var loader = new URLClassLoader(
                new URL[] {classes.toUri().toURL()}, getClass().getClassLoader())) {
            var made = (java.util.function.Supplier<?>)
                    loader.loadClass(name).getDeclaredConstructor().newInstance();
            return (Program) made.get();
        } catch (InvocationTargetException e) {
            throw new AssertionError(e.getCause());
        }
    }

    @Test
    void what_fails_is_told_with_its_seed_and_the_program_that_shows_it() {
        assertThatThrownBy(() -> new Search(1, 1, World::memory, (program, worlds) -> {
                            throw new AssertionError("law 9: nothing ever fails");
                        })
                        .search())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("law 9")
                .hasMessageContaining("-Drill.storm.seed=1")
                .hasMessageContaining("Storm.program(");
    }
}
