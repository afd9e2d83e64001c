package rill;

import java.util.List;
import java.util.Set;
import rill.spi.Clock;

/**
 * A clock that gives way once, with an Error, at one of its readings beneath certain parts of Rill: so a test can have the memory, or the stack, end wherever
 * one of these reads it.
 */
final class GivingWay implements Clock {
    /** How near to the reading such a part has to be. */
    private static final int FRAMES = 8;

    /** More readings after it than any program needs that does not spin. */
    private static final int ENOUGH = 200_000;

    private final Clock real;
    private Set<String> parts = Set.of();
    private int left; // until it gives way
    private String where; // it has
    private int readings; // since

    GivingWay(Clock real) {
        this.real = real;
    }

    /** Gives way at the reading after so many others that are made beneath one of these classes, or methods, {@code Class.method}. */
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

    /** Where that was. */
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

    /** In the form {@code Class.method}, without what is not of Rill. */
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
