package rill.transport.sim;

/** A fault in force. Closing it ends the fault; closing it again does nothing. */
public final class Injection implements AutoCloseable {
    private final Fault fault;
    private final Injections all;
    private final Runnable undo;
    private boolean over;

    Injection(Fault fault, Injections all, Runnable undo) {
        this.fault = fault;
        this.all = all;
        this.undo = undo;
    }

    @Override
    public void close() {
        if (!over) {
            over = true;
            all.ended(this);
            undo.run();
        }
    }

    @Override
    public String toString() {
        return fault.toString();
    }
}
