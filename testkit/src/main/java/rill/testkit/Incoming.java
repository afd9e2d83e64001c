package rill.testkit;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.spi.AcceptListener;
import rill.spi.AcceptedSocket;
import rill.spi.Acceptor;

/** Keeps the connections that an Acceptor accepts until a test takes them; closes the rest in the end. */
final class Incoming implements AcceptListener {
    private final Rig rig;
    private final Side side;
    private final ArrayDeque<AcceptedSocket> sockets = new ArrayDeque<>();
    private @Nullable Acceptor acceptor;
    private boolean closed;
    private boolean paused;
    private int count;
    private int failures;
    private boolean failuresExpected;
    private boolean throwing;
    private boolean throwingAtFailed;
    private Consumer<Incoming> onAccepted = incoming -> {};

    Incoming(Rig rig, Side side) {
        this.rig = rig;
        this.side = side;
        rig.closeAfterwards(this::closeAll);
    }

    void by(Acceptor listening) {
        acceptor = listening;
    }

    Incoming onAccepted(Consumer<Incoming> then) {
        onAccepted = then;
        return this;
    }

    Acceptor acceptor() {
        if (acceptor == null) {
            throw new IllegalStateException("nobody listens");
        }
        return acceptor;
    }

    /** Throws an Error when the next connection is accepted, contrary to the contract of listeners. */
    void throwOnce() {
        throwing = true;
        failuresExpected = true;
    }

    /** Throws an Error when it is notified of a failure, too. */
    void throwAtFailed() {
        throwingAtFailed = true;
    }

    int failures() {
        return failures;
    }

    void pause() {
        paused = true;
        acceptor().pause();
    }

    void resume() {
        paused = false;
        acceptor().resume();
    }

    void close() {
        closed = true;
        acceptor().close();
    }

    /** Returns how many connections have been accepted so far. */
    int count() {
        return count;
    }

    boolean isEmpty() {
        return sockets.isEmpty();
    }

    AcceptedSocket take() {
        return sockets.remove();
    }

    @Override
    public void accepted(AcceptedSocket socket) {
        sockets.add(socket);
        count++;
        side.callback("accepted", () -> {
            rig.require(!closed, Rule.NO_ACCEPT_AFTER, "accepted was delivered after the Acceptor's close");
            rig.require(!paused, Rule.NO_ACCEPT_PAUSED, "accepted was delivered while the Acceptor was paused");
            onAccepted.accept(this);
        });
        if (throwing) {
            throwing = false;
            paused = true; // as the Acceptor will be
            throw new AssertionError("thrown by a listener at accepted");
        }
    }

    @Override
    public void failed(IOException cause) {
        failures++;
        rig.require(!closed, Rule.NO_ACCEPT_AFTER, "failed was delivered after the Acceptor's close");
        if (!failuresExpected) {
            rig.failed(new Rule.Broken(Rule.ACCEPT_FAILS, "accepting failed: " + cause, cause));
        }
        if (throwingAtFailed) {
            throwingAtFailed = false;
            throw new AssertionError("thrown by a listener at failed");
        }
    }

    /** Closes the connections that no test has taken. */
    void closeThoseThatWait() {
        sockets.forEach(AcceptedSocket::close);
        sockets.clear();
    }

    private void closeAll() {
        closeThoseThatWait();
        if (acceptor != null) {
            acceptor.close();
        }
    }
}
