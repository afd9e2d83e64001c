package rill.testkit.storm;

import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A storm: steps, and a seed for everything left to chance while they are performed. It is data: the same program in the same virtual world always
 * runs in the same way.
 *
 * @param seed the seed of the world
 * @param steps the steps, in order
 */
public record Program(long seed, List<Step> steps) {
    /** Copies the list. */
    public Program {
        steps = List.copyOf(steps);
    }

    /** Returns a program with the same seed and other steps. */
    public Program steps(List<Step> other) {
        return new Program(seed, other);
    }

    /** Returns a Java expression that makes this program, to be passed to {@link Storm#run}. */
    public String toJava() {
        return steps.stream()
                .map(each -> ",\n        " + java(each))
                .collect(Collectors.joining("", "Storm.program(\n        " + seed + "L", ")"));
    }

    private static String java(Object value) {
        return switch (value) {
            case Record step -> "new Step." + step.getClass().getSimpleName() + "(" + parts(step) + ")";
            case Enum<?> constant -> "Step." + constant.getDeclaringClass().getSimpleName() + "." + constant.name();
            case String text -> "\"" + text + "\"";
            default -> value.toString();
        };
    }

    private static String parts(Record step) {
        return List.of(step.getClass().getRecordComponents()).stream()
                .map(part -> java(part(step, part)))
                .collect(Collectors.joining(", "));
    }

    static Object part(Record step, RecordComponent part) {
        try {
            return part.getAccessor().invoke(step);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("a step's part can't be read: " + part, e);
        }
    }

    @Override
    public String toString() {
        return toJava();
    }
}
