package rill.testkit.storm;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes a failing program small: takes out half of its steps, then fewer, then single ones, and then simplifies the rest, as long as the program
 * still fails in the same way.
 */
final class Shrinker {
    private final Function<Program, @Nullable Throwable> run;
    private final String wanted;
    private Program smallest;
    private int triesLeft;

    private Shrinker(Program program, String wanted, Function<Program, @Nullable Throwable> run, int tries) {
        this.run = run;
        this.wanted = wanted;
        this.smallest = program;
        this.triesLeft = tries;
    }

    /** Returns the smallest program found that fails as this one does; the program itself if it does not fail. */
    static Program shrink(Program program, Function<Program, @Nullable Throwable> run, int tries) {
        Throwable failure = run.apply(program);
        if (failure == null) {
            return program;
        }
        var shrinker = new Shrinker(program, signature(failure), run, tries);
        boolean smaller = true;
        while (smaller && shrinker.triesLeft > 0) {
            int before = shrinker.smallest.steps().hashCode();
            shrinker.takeOut();
            shrinker.simplify();
            smaller = shrinker.smallest.steps().hashCode() != before;
        }
        return shrinker.smallest;
    }

    /** Returns the message of a failure without numbers and names: the part that failures of the same kind have in common. */
    static String signature(Throwable failure) {
        String text = String.valueOf(failure)
                .replaceAll("[0-9]+", "#")
                .replaceAll("\\[.*", "")
                .replaceAll("\\(connection [^)]*\\)", "")
                .replaceAll("LETTER|REQUEST|ANSWER", "letter");
        return text.substring(0, Math.min(90, text.length()));
    }

    private boolean fails(Program candidate) {
        if (triesLeft-- <= 0) {
            return false;
        }
        Throwable failure = run.apply(candidate);
        if (failure == null || !signature(failure).equals(wanted)) {
            return false;
        }
        smallest = candidate;
        return true;
    }

    private void takeOut() {
        for (int size = Math.max(1, smallest.steps().size() / 2); size >= 1; size /= 2) {
            int from = smallest.steps().size() - size;
            while (from > -size && triesLeft > 0) {
                int start = Math.max(0, from);
                List<Step> left = new ArrayList<>(smallest.steps());
                left.subList(start, Math.min(left.size(), from + size)).clear();
                fails(smallest.steps(left));
                from -= size;
            }
        }
    }

    private void simplify() {
        for (int i = smallest.steps().size() - 1; i >= 0; i--) {
            boolean simpler = true;
            while (simpler && triesLeft > 0) {
                simpler = false;
                for (Step each : simplerThan(smallest.steps().get(i))) {
                    List<Step> steps = new ArrayList<>(smallest.steps());
                    steps.set(i, each);
                    if (fails(smallest.steps(steps))) {
                        simpler = true;
                        break;
                    }
                }
            }
        }
    }

    /** Returns variants of the step, each with one of its parts simpler. */
    private static List<Step> simplerThan(Step step) {
        var simpler = new ArrayList<Step>();
        RecordComponent[] parts = step.getClass().getRecordComponents();
        for (int i = 0; i < parts.length; i++) {
            Object value = Program.part((Record) step, parts[i]);
            for (Object each : simplerValues(value)) {
                simpler.add(with(step, parts, i, each));
            }
        }
        return simpler;
    }

    private static List<?> simplerValues(Object value) {
        return switch (value) {
            case Integer number
            when number > 0 -> number > 3 ? List.of(0, number / 2, number - 1) : List.of(0, number - 1);
            case Boolean flag when flag -> List.of(false);
            case Enum<?> constant when constant != simplest(constant) -> List.of(simplest(constant));
            case String text -> simplerTexts(text);
            case Step inner -> simplerThan(inner);
            default -> List.of();
        };
    }

    private static Object simplest(Enum<?> constant) {
        return constant.getDeclaringClass().getEnumConstants()[0];
    }

    /** Returns variants of the text, each without one of its words or one variant of records. */
    private static List<String> simplerTexts(String text) {
        String[] words = text.split(" ", 0);
        var simpler = new ArrayList<String>();
        for (int i = 0; i < words.length && words.length > 1; i++) {
            List<String> left = new ArrayList<>(List.of(words));
            left.remove(i);
            simpler.add(String.join(" ", left));
        }
        for (int i = 0; i < words.length; i++) {
            if (words[i].startsWith("records-")) {
                for (int at = "records-".length(); at < words[i].length(); at++) {
                    List<String> other = new ArrayList<>(List.of(words));
                    other.set(i, words[i].substring(0, at) + words[i].substring(at + 1));
                    simpler.add(String.join(" ", other));
                }
            }
        }
        return simpler;
    }

    private static Step with(Step step, RecordComponent[] parts, int changed, Object value) {
        var types = new Class<?>[parts.length];
        var values = new Object[parts.length];
        for (int i = 0; i < parts.length; i++) {
            types[i] = parts[i].getType();
            values[i] = i == changed ? value : Program.part((Record) step, parts[i]);
        }
        try {
            Constructor<?> constructor = step.getClass().getDeclaredConstructor(types);
            return (Step) constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("a step can't be made: " + step, e);
        }
    }
}
