package rill.transport.uring;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Skips all tests of this module where io_uring is unavailable, and says why. JUnit finds it. */
public final class OnlyWithUring implements ExecutionCondition {
    /** Created by JUnit. */
    public OnlyWithUring() {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        String obstacle = new UringTransport().unavailable();
        return obstacle == null
                ? ConditionEvaluationResult.enabled("io_uring is there")
                : ConditionEvaluationResult.disabled("transport uring is unavailable: " + obstacle);
    }
}
