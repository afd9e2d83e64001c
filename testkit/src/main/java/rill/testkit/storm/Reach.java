package rill.testkit.storm;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import rill.Client;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pool;

/**
 * Everything that a loop holds on to, as far as it can be reached through the fields of Rill's own classes. When everything is over, that includes no
 * pending Future, no connection, and nothing of the program.
 */
final class Reach {
    private static final ClassValue<Field[]> FIELDS = new ClassValue<>() {
        @Override
        protected Field[] computeValue(Class<?> type) {
            return findFields(type);
        }
    };
    private static final String CORE = "rill";
    private static final String HERE = Reach.class.getPackageName();

    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    private final ArrayDeque<Object> toVisit = new ArrayDeque<>();
    private final List<String> surplus = new ArrayList<>();

    private Reach() {}

    /** Returns what an idle loop that has closed everything still refers to, and should not. */
    static List<String> surplusOf(Loop loop) {
        var reach = new Reach();
        reach.visit(loop);
        for (Object next = reach.toVisit.poll(); next != null; next = reach.toVisit.poll()) {
            reach.follow(next);
        }
        return reach.surplus;
    }

    private void visit(@Nullable Object object) {
        if (object != null && seen.add(object)) {
            toVisit.add(object);
        }
    }

    private void follow(Object object) {
        switch (object) {
            case Object[] array -> {
                for (Object each : array) {
                    visit(each);
                }
            }
            case Collection<?> several -> several.forEach(this::visit);
            case Map<?, ?> map ->
                map.forEach((key, value) -> {
                    visit(key);
                    visit(value);
                });
            case AtomicReference<?> reference -> visit(reference.get());
            case AtomicReferenceArray<?> array -> {
                for (int i = 0; i < array.length(); i++) {
                    visit(array.get(i));
                }
            }
            default -> followOwn(object);
        }
    }

    private void followOwn(Object object) {
        Class<?> type = object.getClass();
        String home = type.getPackageName();
        if (home.equals(HERE)) {
            if (type.isHidden() || object instanceof Actor || object instanceof Letter) {
                surplus.add("the program's " + object);
            }
            return; // the world and its parts
        }
        if (!home.equals(CORE)) {
            return;
        }
        boolean suspicious = (object instanceof Future<?> future && !future.isDone())
                || object instanceof Connection<?, ?>
                || object instanceof Client<?, ?>
                || object instanceof Pool<?, ?>
                || object instanceof Listener
                || object instanceof rill.spi.WireListener;
        if (suspicious) {
            surplus.add(object.toString());
            return;
        }
        for (Field each : FIELDS.get(type)) {
            try {
                visit(each.get(object));
            } catch (IllegalAccessException e) {
                throw new LinkageError("a field can't be read: " + each, e);
            }
        }
    }

    private static Field[] findFields(Class<?> type) {
        var fields = new ArrayList<Field>();
        for (Class<?> each = type; each != null && each.getPackageName().equals(CORE); each = each.getSuperclass()) {
            for (Field field : each.getDeclaredFields()) {
                boolean ofWorld = field.getType().getPackageName().equals("rill.spi"); // clock, selector and the like
                if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive() && !ofWorld) {
                    fields.add(field);
                }
            }
        }
        try {
            AccessibleObject.setAccessible(fields.toArray(new Field[0]), true);
        } catch (InaccessibleObjectException e) {
            throw new AssertionError(
                    "looking for what loops hold on to needs, on the module path, --add-opens rill.core/rill=rill.testkit",
                    e);
        }
        return fields.toArray(new Field[0]);
    }
}
