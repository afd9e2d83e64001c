package rill;

/** The Node that {@link Loop#execute} queues: just a Runnable. */
final class Job extends Node {
    private final Runnable action;

    Job(Runnable action) {
        this.action = action;
    }

    @Override
    void execute() {
        action.run();
    }

    @Override
    String label() {
        return ActionNames.of(action);
    }
}
