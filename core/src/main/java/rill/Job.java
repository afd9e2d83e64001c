package rill;

/** What {@link Loop#execute} queues: a Runnable and nothing else. */
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
