package rill.transport.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.PrimitiveIterator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/** Runs the method of a {@link Simulated} test once for each seed. */
final class SimulatedSeeds implements ParameterResolver, InvocationInterceptor {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == Simulation.class;
    }

    /** For JUnit, which wants to pass one before it asks who invokes. */
    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return Simulation.seed(0);
    }

    @Override
    public void interceptTestMethod(
            Invocation<@Nullable Void> invocation,
            ReflectiveInvocationContext<Method> method,
            ExtensionContext context) {
        invocation.skip();
        Method test = method.getExecutable();
        Simulated settings = AnnotationSupport.findAnnotation(test, Simulated.class)
                .orElseThrow(() -> new IllegalStateException(test + " has no @Simulated"));
        Object instance = context.getRequiredTestInstance();
        String name = name(context.getRequiredTestClass(), test);
        PrimitiveIterator.OfLong seeds = Seeds.of(settings.from(), settings.seeds(), System::getProperty).stream()
                .iterator();
        while (seeds.hasNext()) {
            run(test, name, instance, seeds.nextLong(), settings);
        }
    }

    /** What Maven finds it by, typed into a shell. A class within a class has a $ in its name; the method may be inherited. */
    private static String name(Class<?> owner, Method test) {
        String type = owner.getName().substring(owner.getPackageName().length());
        String name = (type.startsWith(".") ? type.substring(1) : type) + "#" + test.getName();
        return name.contains("$") ? "'" + name + "'" : name;
    }

    private static void run(Method test, String name, Object instance, long seed, Simulated settings) {
        try (var simulation = Simulation.seed(seed)) {
            ReflectionSupport.invokeMethod(test, instance, simulation);
        } catch (Throwable failure) {
            String replay = "mvn test -Dtest=" + name + " -Drill.seed=" + seed;
            String picture = settings.pictures().isEmpty() ? "" : "\npicture: " + draw(test, instance, seed, settings);
            throw new AssertionError("seed " + seed + " failed: " + failure + "\nreplay: " + replay + picture, failure);
        }
    }

    /** Runs it again, to see it. */
    private static Path draw(Method test, Object instance, long seed, Simulated settings) {
        try (var simulation = Simulation.seed(seed).record()) {
            Path file = Path.of(settings.pictures(), test.getName() + "-" + seed + ".svg");
            try {
                ReflectionSupport.invokeMethod(test, instance, simulation);
            } catch (Throwable again) {
                simulation.note("failed: " + again);
            }
            simulation.timeline().writePicture(file);
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
