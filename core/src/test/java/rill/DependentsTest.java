package rill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import rill.testing.Loops;

/** Tests the dependents of a Future, with each number that is stored in a different way. */
class DependentsTest {
    private static final int MANY = Dependents.FEW + 1;

    private final Loops loops = Loops.manual();
    private final Loop loop = loops.open();
    private final Promise<String> promise = loop.promise();

    @AfterEach
    void close() {
        loops.close();
    }

    private static Bystander bystander() {
        return new Bystander() {
            @Override
            public void settled(Future<?> source) {}

            @Override
            public @Nullable BareLoop home() {
                return null;
            }
        };
    }

    private static @Nullable Object held(List<?> dependents) {
        Object held = null;
        for (Object each : dependents) {
            held = held instanceof Dependents many && many.add(each) ? many : Dependents.with(held, each);
        }
        return held;
    }

    private static List<Object> of(int count) {
        var all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            all.add(bystander());
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, Dependents.FEW, MANY, 3 * MANY})
    void the_value_is_for_one_of_them_if_one_is_no_bystander(int count) {
        List<Object> dependents = of(count);
        assertThat(Dependents.anyOwns(held(dependents))).isFalse();
        assertThat(Dependents.anyCounts(held(dependents))).isFalse();
        dependents.set(count / 2, new Object());
        assertThat(Dependents.anyOwns(held(dependents))).isTrue();
        assertThat(Dependents.anyCounts(held(dependents))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, Dependents.FEW})
    void removing_one_that_is_not_among_a_few_changes_nothing(int count) {
        Object held = held(of(count));
        assertThat(Dependents.without(held, new Object())).isSameAs(held);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, Dependents.FEW, MANY, 3 * MANY})
    void whoever_gives_up_is_the_last_however_many_bystanders_are_left(int bystanders) {
        Future<Integer> derived = promise.map(String::length);
        of(bystanders).forEach(promise::addDependent);
        assertThat(derived.cancel()).isTrue();
        assertThat(promise.isCancelled()).isTrue();
    }
}
