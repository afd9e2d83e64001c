package rill.testkit.storm;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Future;
import rill.Loop;

/**
 * Connects, and loses interest. A connection that comes about nevertheless has to be closed by Rill, or is delivered to a receiver, which closes it.
 */
final class Losing {
    private final Run run;
    private final Step.Lose step;
    private final Loop loop;
    private final Server server;
    private final SocketAddress address;

    Losing(Run run, Step.Lose step, Loop loop, Server server, SocketAddress address) {
        this.run = run;
        this.step = step;
        this.loop = loop;
        this.server = server;
        this.address = address;
    }

    private Future<Connection<Object, Object>> connect(SocketAddress to) {
        var hooks = new Hooks(run);
        Pipes.Pipe pipe = Pipes.of(server.step.wire(), step.top(), hooks, () -> hooks, null);
        Future<Connection<Object, Object>> connecting = loop.connect(to, pipe.pipeline);
        run.ledger().track(connecting, "connect", run.step()).mayBeCancelled = true;
        return connecting;
    }

    private SocketAddress nowhere() {
        return new InetSocketAddress(((InetSocketAddress) address).getAddress(), 1);
    }

    private Duration time() {
        return Duration.ofMillis(step.millis());
    }

    /** Cancels a Future some time later, from where the step says. */
    private <T> Future<T> cancelLater(Future<T> future) {
        switch (step.via()) {
            case OUTSIDE, THREAD, VIRTUAL -> run.beforeSettling(future::cancel);
            case OTHER_LOOP -> run.loops().another(loop).schedule(time(), future::cancel);
            default -> loop.schedule(time(), future::cancel);
        }
        return future;
    }

    void lose() {
        Future<?> outcome = switch (step.how()) {
            case CANCEL -> cancelLater(connect(address));
            case TIMEOUT -> connect(address).timeout(time());
            case ANY -> Future.any(connect(address), connect(address));
            case ALL -> Future.all(connect(address), connect(nowhere()));
            case MAP -> cancelLater(connect(address).map(connection -> connection));
            case TASK -> cancelLater(loop.task("connect", () -> connect(address).await()));
            case CANCELLED_TASK -> cancelledTask();
        };
        run.ledger().track(outcome, step.how() + " of connect", run.step()).mayBeCancelled = true;
        outcome.onDone((value, failure) -> {
            if (value instanceof Connection<?, ?> connection) {
                connection.close();
            } else if (value instanceof List<?> several) {
                several.forEach(each -> ((Connection<?, ?>) each).close());
            } else if (failure != null) {
                run.judge().of(failure, "connect gave");
            }
        });
    }

    private Future<?> cancelledTask() {
        var task = new AtomicReference<@Nullable Future<?>>();
        Future<?> connecting = loop.task("connect", () -> {
            while (task.get() == null) {
                Thread.onSpinWait(); // set by the thread that has just started this Task
            }
            Objects.requireNonNull(task.get()).cancel();
            return connect(address).await();
        });
        task.set(connecting);
        return connecting;
    }
}
