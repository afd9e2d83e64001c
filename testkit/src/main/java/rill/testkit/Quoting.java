package rill.testkit;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** Adds to the failure of a test the sentence of the contract that it {@link Holds}. */
final class Quoting implements TestExecutionExceptionHandler {
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        Holds held = context.getTestMethod()
                .map(method -> method.getAnnotation(Holds.class))
                .orElse(null);
        if (held == null || !(failure instanceof AssertionError)) {
            throw failure;
        }
        throw new AssertionError(
                failure.getMessage() + "\n  The contract, in " + held.in().getSimpleName() + ": \"" + held.value()
                        + "\"",
                failure);
    }
}
