package rill;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import rill.spi.Driver;

/**
 * Finds out, for a Driver, whether the body of a Task blocks while the loop waits for it. A sleep, or a wait with a time limit, counts at
 * once. A lock or a monitor counts only after a while, because the JDK itself holds some for a moment.
 */
final class BlockWatch {
    /** How long the loop waits between two checks. */
    static final long PERIOD_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final int PATIENCE = 200;

    private final Driver driver;
    private final BareLoop loop;
    private final Thread body;
    private int looks;

    private BlockWatch(Driver driver, BareLoop loop, Thread body) {
        this.driver = driver;
        this.loop = loop;
        this.body = body;
    }

    /** Returns null if there is no Driver that asks for it. */
    static @Nullable BlockWatch of(BareLoop loop, Thread body) {
        Driver driver = loop.driver();
        return driver == null ? null : new BlockWatch(driver, loop, body);
    }

    /** Whether the body appears to block. */
    boolean blocks() {
        return switch (body.getState()) {
            case TIMED_WAITING -> true;
            case BLOCKED, WAITING -> ++looks > PATIENCE;
            default -> {
                looks = 0;
                yield false;
            }
        };
    }

    void tell() {
        driver.blocked(loop, body);
    }
}
