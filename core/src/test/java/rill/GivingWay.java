package rill;

import java.util.List;
import java.util.Set;
import rill.spi.Clock;

/**
 * A clock that throws an Error once, at a reading made beneath certain parts of Rill. With it a test can exhaust memory, or the stack, wherever one
 * of these parts reads the clock.
 */
final class GivingWay implements Clock {
    /** How many frames away from the reading such a part may be. */
    private static final int FRAMES = 8;

    /** More readings after the Error than any program needs that does not spin. */
    private static final int ENOUGH = 200_000;

    private final Clock real;
    private Set<String> parts = Set.of();
    private int left; // readings before the Error
    private String where; // the stack of the Error
    private int readings; // after the Error

    GivingWay(Clock real) {
        this.real = real;
    }

    /** Throws after {@code others} readings made beneath one of these classes, or methods in the form {@code Class.method}. */
    void after(int others, String... beneath) {
        parts = Set.of(beneath);
        left = others;
        where = null;
        readings = 0;
    }

    void standsFast() {
        parts = Set.of();
    }

    boolean gaveWay() {
        return where != null;
    }

    /** The stack at which the Error was thrown. */
    String where() {
        return String.valueOf(where);
    }

    @Override
    public long nanoTime() {
        if (where == null && !parts.isEmpty()) {
            List<String> stack = stack();
            if (stack.stream().limit(FRAMES).anyMatch(this::isBeneath) && left-- == 0) {
                where = stack.toString();
                throw new StackOverflowError("on purpose, beneath " + where);
            }
        } else if (where != null && ++readings > ENOUGH) {
            throw new StackOverflowError("so that what spins comes to an end");
        }
        return real.nanoTime();
    }

    boolean spun() {
        return readings > ENOUGH;
    }

    private boolean isBeneath(String frame) {
        return parts.contains(frame) || parts.contains(frame.substring(0, frame.indexOf('.')));
    }

    /** The frames of Rill in the form {@code Class.method}. */
    private static List<String> stack() {
        return StackWalker.getInstance()
                .walk(frames -> frames.filter(frame -> frame.getClassName().startsWith("rill.")
                                && !frame.getClassName().equals(GivingWay.class.getName())
                                && !frame.getClassName().startsWith("rill.testing"))
                        .limit(2 * FRAMES)
                        .map(frame ->
                                frame.getClassName().substring(5).replaceAll("\\$.*", "") + "." + frame.getMethodName())
                        .toList());
    }
}
