package rill.testkit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/** Runs a test that is {@link InBothRoles} a second time, in the other role. */
final class Roles implements InvocationInterceptor {
    @Override
    public void interceptTestMethod(
            Invocation<@Nullable Void> invocation, ReflectiveInvocationContext<Method> method, ExtensionContext context)
            throws Throwable {
        invocation.proceed();
        Method test = method.getExecutable();
        if (!test.isAnnotationPresent(InBothRoles.class)) {
            return;
        }
        var instance = (OnTransport) context.getRequiredTestInstance();
        instance.closeRig();
        instance.openRig(true);
        try {
            test.setAccessible(true);
            test.invoke(instance);
        } catch (InvocationTargetException e) {
            Throwable failure = e.getCause();
            if (failure instanceof AssertionError) {
                throw new AssertionError(
                        "with the roles exchanged, so that the client is the end that was accepted: "
                                + failure.getMessage(),
                        failure);
            }
            throw failure;
        }
    }
}
