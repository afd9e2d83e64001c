package rill.testkit;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** Adds to the failure of a test the sentence of the contract that it {@link Holds}, unless a {@link Rule} was broken. */
final class Quoting implements TestExecutionExceptionHandler {
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        Holds held = context.getTestMethod()
                .map(method -> method.getAnnotation(Holds.class))
                .orElse(null);
        if (held == null || !(failure instanceof AssertionError) || quotes(failure)) {
            throw failure;
        }
        throw new AssertionError(failure.getMessage() + Rule.quote(held.in(), held.value()), failure);
    }

    private static boolean quotes(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof Rule.Broken) {
                return true;
            }
        }
        return false;
    }
}
