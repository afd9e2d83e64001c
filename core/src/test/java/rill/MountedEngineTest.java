package rill;

import org.junit.jupiter.api.Nested;

/** All that holds for both engines, with {@link TaskEngine#MOUNTED}. */
class MountedEngineTest {
    interface OnThis extends OnEngine {
        @Override
        default TaskEngine engine() {
            return TaskEngine.MOUNTED;
        }
    }

    @Nested
    class Tasks extends TaskTest implements OnThis {}

    @Nested
    class Cancelling extends TaskCancelTest implements OnThis {}

    @Nested
    class Untaken extends UntakenTest implements OnThis {}

    @Nested
    class Threads extends TaskThreadTest implements OnThis {}

    @Nested
    class DrivingLoops extends DrivingTest implements OnThis {}

    @Nested
    class Closing extends ClosingTest implements OnThis {}

    @Nested
    class Slowness extends WatchdogTest implements OnThis {}

    @Nested
    class Cost extends AllocationTest implements OnThis {}
}
