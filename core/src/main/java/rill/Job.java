package rill;

/** What {@link Loop#execute} queues: a Runnable, and nothing that would cost more than that. */
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
