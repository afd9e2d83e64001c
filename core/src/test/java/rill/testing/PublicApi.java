package rill.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.TypeVariable;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The public API of a module, one line for each type and member, sorted, which shows what a change of it looks like in review. It is kept in {@code
 * api/MODULE.api}; {@code ./rill api} rewrites the file.
 */
public final class PublicApi {
    private static final String UPDATE = "rill.api.update";

    private final List<Class<?>> types;

    private PublicApi(List<Class<?>> types) {
        this.types = types;
    }

    /** Reads the API of these packages from the module that {@code anchor} is in. */
    public static PublicApi of(Class<?> anchor, String... packages) {
        var types = new ArrayList<Class<?>>();
        for (String each : packages) {
            Path folder = home(anchor).resolve(each.replace('.', '/'));
            try (Stream<Path> files = Files.list(folder)) {
                files.map(file -> file.getFileName().toString())
                        .filter(file -> file.endsWith(".class") && !file.equals("package-info.class"))
                        .map(file -> load(anchor, each + "." + file.substring(0, file.length() - ".class".length())))
                        .filter(PublicApi::isPublic)
                        .forEach(types::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return new PublicApi(types);
    }

    private static Path home(Class<?> anchor) {
        try {
            URI place =
                    anchor.getProtectionDomain().getCodeSource().getLocation().toURI();
            return Path.of(place);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Class<?> load(Class<?> anchor, String name) {
        try {
            return Class.forName(name, false, anchor.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether the type and all types around it are public or protected. */
    private static boolean isPublic(Class<?> type) {
        Class<?> around = type.getDeclaringClass();
        boolean visible = isVisible(type.getModifiers());
        return !type.isAnonymousClass()
                && !type.isLocalClass()
                && visible
                && (around == null ? Modifier.isPublic(type.getModifiers()) : isPublic(around));
    }

    private static boolean isVisible(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }

    /** Fails with the differences from {@code api/MODULE.api}; in update mode, writes that file instead. */
    public void check(String module) {
        Path file = root().resolve("api").resolve(module + ".api");
        try {
            List<String> now = lines();
            if (Boolean.getBoolean(UPDATE)) {
                Files.createDirectories(file.getParent());
                Files.write(file, now);
                return;
            }
            assertThat(difference(Files.exists(file) ? Files.readAllLines(file) : List.of(), now))
                    .as(
                            "the public API of %s is not what api/%s.api says. If that is intended, run ./rill api, look at the"
                                    + " difference, and commit it with a line in CHANGELOG.md",
                            module, module)
                    .isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the lines that are gone, with a minus, and the lines that are new, with a plus. */
    public static List<String> difference(List<String> before, List<String> now) {
        var changes = new ArrayList<String>();
        var all = new TreeSet<>(before);
        all.addAll(now);
        for (String each : all) {
            if (!now.contains(each)) {
                changes.add("- " + each);
            } else if (!before.contains(each)) {
                changes.add("+ " + each);
            }
        }
        return changes;
    }

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        while (!Files.exists(folder.resolve("rill")) || !Files.exists(folder.resolve("core"))) {
            folder = folder.getParent();
            if (folder == null) {
                throw new IllegalStateException(
                        "not below the root of the project: " + Path.of("").toAbsolutePath());
            }
        }
        return folder;
    }

    /** Returns the API, sorted. */
    public List<String> lines() {
        var lines = new TreeSet<String>();
        for (Class<?> type : types) {
            String name = name(type);
            lines.add(name + ": " + head(type));
            for (Constructor<?> each : type.getDeclaredConstructors()) {
                add(lines, name, each, "new" + parameters(each));
            }
            for (Field each : type.getDeclaredFields()) {
                add(lines, name, each, text(each.getAnnotatedType()) + " " + each.getName());
            }
            for (Method each : methods(type)) {
                String text = variables(each.getTypeParameters()) + text(each.getAnnotatedReturnType());
                add(lines, name, each, text + " " + each.getName() + parameters(each));
            }
        }
        return List.copyOf(lines);
    }

    /** The type's own methods, and those inherited from superclasses that are not public. */
    private static List<Method> methods(Class<?> type) {
        var methods = new ArrayList<>(List.of(type.getDeclaredMethods()));
        for (Class<?> parent = type.getSuperclass();
                parent != null && !Modifier.isPublic(parent.getModifiers());
                parent = parent.getSuperclass()) {
            methods.addAll(List.of(parent.getDeclaredMethods()));
        }
        return methods;
    }

    private static <M extends Member & AnnotatedElement> void add(
            TreeSet<String> lines, String type, M member, String text) {
        if (isVisible(member.getModifiers()) && !member.isSynthetic()) {
            int shown = member.getModifiers()
                    & ~(Modifier.NATIVE | Modifier.SYNCHRONIZED | Modifier.TRANSIENT | Modifier.VOLATILE);
            String kind = member instanceof Method method && method.isDefault() ? "default " : "";
            String modifiers = shown == 0 ? "" : Modifier.toString(shown) + " ";
            String deprecated = member.isAnnotationPresent(Deprecated.class) ? "@Deprecated " : "";
            lines.add(type + " " + deprecated + kind + modifiers + text);
        }
    }

    private static String head(Class<?> type) {
        String what = type.isAnnotation()
                ? "@interface"
                : type.isInterface() ? "interface" : type.isEnum() ? "enum" : type.isRecord() ? "record" : "class";
        int modifiers = type.getModifiers() & ~Modifier.INTERFACE;
        String parents = parents(type).map(PublicApi::text).collect(Collectors.joining(", "));
        String sealed = type.isSealed() ? "sealed " : "";
        return Modifier.toString(modifiers) + " " + sealed + what + variables(type.getTypeParameters())
                + (parents.isEmpty() ? "" : " of " + parents);
    }

    /** The supertypes that others see. */
    private static Stream<AnnotatedType> parents(Class<?> type) {
        Class<?> parent = type.getSuperclass();
        Stream<AnnotatedType> above = parent == null || parent == Object.class
                ? Stream.empty()
                : Modifier.isPublic(parent.getModifiers()) ? Stream.of(type.getAnnotatedSuperclass()) : parents(parent);
        return Stream.concat(above, Arrays.stream(type.getAnnotatedInterfaces()));
    }

    private static String variables(TypeVariable<?>[] variables) {
        if (variables.length == 0) {
            return "";
        }
        return Arrays.stream(variables)
                .map(each -> each.getName()
                        + Arrays.stream(each.getAnnotatedBounds())
                                .map(PublicApi::text)
                                .filter(bound -> !bound.equals("Object"))
                                .map(bound -> " extends " + bound)
                                .collect(Collectors.joining()))
                .collect(Collectors.joining(", ", "<", "> "));
    }

    private static String parameters(Executable executable) {
        String parameters = Arrays.stream(executable.getAnnotatedParameterTypes())
                .map(PublicApi::text)
                .collect(Collectors.joining(", ", "(", ")"));
        String thrown = Arrays.stream(executable.getAnnotatedExceptionTypes())
                .map(PublicApi::text)
                .collect(Collectors.joining(", "));
        return parameters + (thrown.isEmpty() ? "" : " throws " + thrown);
    }

    private static String text(AnnotatedType type) {
        return type.toString()
                .replace("@org.jspecify.annotations.Nullable()", "@Nullable")
                .replace("java.lang.", "")
                .replace("$", ".");
    }

    private static String name(Class<?> type) {
        return type.getName().replace('$', '.');
    }
}
