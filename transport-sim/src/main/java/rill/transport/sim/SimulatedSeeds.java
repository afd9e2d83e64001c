package rill.transport.sim;

import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
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

    /** Returns a placeholder: JUnit wants a parameter before it asks who invokes the method. */
    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        if (!AnnotationSupport.isAnnotated(parameter.getDeclaringExecutable(), Simulated.class)) {
            throw new ParameterResolutionException("a simulation belongs to one seed, and "
                    + parameter.getDeclaringExecutable().getName()
                    + " is called once for all of them; prepare it in the @Simulated method");
        }
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
        Seeds seeds = Seeds.of(settings.from(), settings.seeds(), System::getProperty);
        Tally tally = new Seedling(
                        simulation -> ReflectionSupport.invokeMethod(test, instance, simulation), name, settings, seeds)
                .run();
        context.publishReportEntry(name, seeds.count() + " seeds, " + tally);
    }

    /** Returns the name by which Maven finds the test, as typed into a shell. A nested class has a $ in its name; the method may be inherited. */
    private static String name(Class<?> owner, Method test) {
        String type = owner.getName().substring(owner.getPackageName().length());
        String name = (type.startsWith(".") ? type.substring(1) : type) + "#" + test.getName();
        return name.contains("$") ? "'" + name + "'" : name;
    }
}
