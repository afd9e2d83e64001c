package rill;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import rill.testing.Loops;

/**
 * A test that must pass with both Task engines: {@link MountedEngineTest} and {@link HandedOverEngineTest} each run every subclass with one of them.
 */
abstract class EngineTest implements OnEngine {
    final Loops loops = Loops.manual();
    final List<String> log = Collections.synchronizedList(new ArrayList<>());

    private Loop loop;

    @AfterEach
    void closeLoops() {
        loops.close();
    }

    /** The loop of the test, opened on first use, by whichever thread that is. */
    synchronized Loop loop() {
        if (loop == null) {
            loop = open();
        }
        return loop;
    }

    Loop open() {
        return loops.open(options -> options.taskEngine(engine()));
    }
}
