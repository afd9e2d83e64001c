package rill;

import java.time.Duration;

/** How a loop divides its time: see {@link LoopOptions}. */
record Pace(Duration slowHandle, Duration handleBudget, Duration spin) {}
