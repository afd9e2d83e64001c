package rill.testkit.storm;

import java.io.IOException;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.LoopGroup;
import rill.Promise;
import rill.testkit.storm.Step.Via;

/** Performs one step. With {@code here} it is done at once, in whatever callback this is. */
record Performer(Run run, boolean here) {
    void perform(Step step) {
        switch (step) {
            case Step.Listen listen -> listen(listen);
            case Step.Connect connect -> connect(connect);
            case Step.Dial dial -> dial(dial);
            case Step.OpenPool open -> openPool(open);
            case Step.Write write -> write(write);
            case Step.Flush flush -> flush(flush);
            case Step.Receive receive -> receive(receive);
            case Step.Do act -> {
                End asked = run.end(act.end());
                if (asked != null && act.action().endsOutput()) {
                    asked.outputEnds = true; // what other threads write from now on may be too late
                }
                withEnd(act.end(), act.via(), end -> end.act(act.action()));
            }
            case Step.Closed closed -> closed(closed);
            case Step.Never never ->
                run.attempt(() -> run.keep(never.into(), later(run.loops().get(never.loop())), "a promise"));
            case Step.Call call -> call(call);
            case Step.CloseClient close -> closeClient(close);
            case Step.Cancel cancel -> cancel(cancel);
            case Step.Derive derive -> run.attempt(() -> derive(derive));
            case Step.ToListener to -> toListener(to);
            case Step.Rubbish rubbish -> rubbish(rubbish);
            case Step.Lose lose -> lose(lose);
            case Step.Become become -> {
                if (!here) {
                    withEnd(
                            become.end(),
                            Via.OUTSIDE,
                            end -> end.becoming()
                                    .ask(become.wire(), become.top(), become.peersTop(), become.inHandler()));
                }
            }
            case Step.CancelledReceive receive ->
                withEnd(receive.end(), Via.OUTSIDE, end -> end.receiving().receiveCancelled());
            case Step.Await await -> await(await);
            case Step.Unawaited unawaited -> {
                Loop loop = run.loops().get(unawaited.loop());
                if (!run.loops().closing(loop)
                        && unawaited.loop() != Run.LOOPS - 1) { // which may close before the Task begins
                    run.attempt(() -> loop.task("unawaited", run.judge()::fail));
                }
            }
            case Step.Echo echo -> echo(echo);
            case Step.Trap trap -> {
                Actor actor = run.actor(trap.actor());
                if (actor != null && !here) {
                    actor.arm(trap.place(), trap.then(), trap.nth());
                }
            }
            case Step.Throw thrown -> {}
            default -> {
                if (!here) {
                    world(step);
                }
            }
        }
    }

    /** Does something to the world, which is possible only between two callbacks. */
    private void world(Step step) {
        switch (step) {
            case Step.Turns turns -> run.world().turns(turns.count());
            case Step.Pass pass -> run.world().pass(Duration.ofMillis(pass.millis()));
            case Step.Busy busy ->
                dispatch(
                        Via.LOOP,
                        run.loops().get(busy.loop()),
                        () -> run.world().hold(Duration.ofMillis(busy.millis())));
            case Step.Disturb disturb -> disturb(disturb);
            case Step.ThrowAt at -> run.userCode().throwAt(at.nth(), at.thrown());
            case Step.RefuseMemory refuse -> {
                run.refusesMemory(true);
                run.world().refuseMemory(refuse.nth());
            }
            case Step.CloseLoop close -> closeLoop(close);
            default -> throw new IllegalStateException("unknown step: " + step);
        }
    }

    private void dispatch(Via via, Loop loop, Runnable call) {
        if (here) {
            run.attempt(call);
        } else {
            run.dispatch(via, loop, call);
        }
    }

    /** An action of one end. */
    @FunctionalInterface
    private interface Doing {
        void with(End end);
    }

    private void withEnd(int id, Via via, Doing doing) {
        End end = run.end(id);
        Loop loop = end == null || id / 2 == Run.CONTROL ? null : end.loop();
        if (end != null && loop != null) {
            dispatch(via, loop, () -> doing.with(end));
        }
    }

    // ---- making

    private void listen(Step.Listen step) {
        if (here || run.server(step.listener()) != null) {
            return;
        }
        LoopGroup group = step.loop() == Run.GROUP ? run.loops().group() : null;
        int number = step.loop() == Run.GROUP ? 0 : step.loop();
        Loop loop = group == null ? run.loops().get(number) : group.loops().getFirst();
        if (run.loops().closing(loop)) {
            return;
        }
        run.attempt(() -> {
            var server = new Server(run, step, loop, group, address(number));
            run.put(step.listener(), server);
            run.ledger().track(server.opened, "listen", run.step());
            run.world().until(Duration.ofSeconds(2), server.opened::isDone);
        });
    }

    private SocketAddress address(int loop) {
        try {
            return run.world().address(loop);
        } catch (IOException e) {
            throw new IllegalStateException("there is no address", e);
        }
    }

    private void connect(Step.Connect step) {
        Server server = run.server(step.listener());
        Listener listener = server == null ? null : server.listener();
        if (here || server == null || listener == null || server.serves() || run.end(2 * step.connection()) != null) {
            return;
        }
        Loop loop = run.loops().get(step.loop());
        if (run.loops().closing(loop)) {
            return;
        }
        var hooks = new Hooks(run);
        Pipes.Pipe pipe = Pipes.of(server.step.wire(), step.top(), hooks, () -> hooks, null);
        var end = new End(run, 2 * step.connection(), step.form(), step.marks(), step.onFailure(), pipe, hooks);
        end.connectsTo(server);
        run.put(end.id, end);
        end.connectsOn = loop;
        run.attempt(() -> {
            Future<Connection<Object, Object>> connected = loop.connect(
                    step.byName() ? run.world().named(listener.address()) : listener.address(),
                    pipe.pipeline,
                    run.options(step.marks()));
            run.ledger().track(connected, "connect", run.step());
            connected.onDone((connection, failure) -> {
                if (connection != null) {
                    run.connected(end, connection);
                } else if (failure != null) {
                    run.judge().of(failure, "connect failed with");
                }
                end.connectsOn = null;
            });
        });
    }

    private void lose(Step.Lose step) {
        Server server = run.server(step.listener());
        Listener listener = server == null ? null : server.listener();
        if (here || server == null || listener == null || server.serves()) {
            return;
        }
        Loop loop = run.loops().get(step.loop());
        if (!run.loops().closing(loop)) {
            dispatch(step.via(), loop, () -> new Losing(run, step, loop, server, listener.address()).lose());
        }
    }

    private void await(Step.Await step) {
        Ledger.@Nullable Given given = run.kept(step.future());
        if (given != null && !here) {
            given.mayBeCancelled = true;
            run.dispatch(Via.THREAD, Loops.of(given.future), () -> {
                try {
                    given.future.timeout(Duration.ofMillis(50)).await();
                } catch (IOException e) {
                    // It has failed, or takes longer.
                }
            });
        }
    }

    private void dial(Step.Dial step) {
        Server server = run.server(step.listener());
        Listener listener = server == null ? null : server.listener();
        if (here || server == null || listener == null || !server.serves() || run.caller(step.client()) != null) {
            return;
        }
        Loop loop = run.loops().get(step.loop());
        if (run.loops().closing(loop)) {
            return;
        }
        run.attempt(() -> {
            var caller = new Caller(run, step, loop, server, listener.address());
            run.put(step.client(), caller);
            run.ledger().track(caller.connected, "connect of " + caller, run.step());
        });
    }

    private void openPool(Step.OpenPool step) {
        Server server = run.server(step.listener());
        Listener listener = server == null ? null : server.listener();
        if (here || server == null || listener == null || !server.serves() || run.caller(step.client()) != null) {
            return;
        }
        LoopGroup group = step.loop() == Run.GROUP ? run.loops().group() : null;
        Loop loop = group == null
                ? run.loops().get(step.loop() % Run.LOOPS)
                : group.loops().getFirst();
        if (!run.loops().closing(loop)) {
            run.attempt(() -> run.put(step.client(), new Caller(run, step, loop, group, server, listener.address())));
        }
    }

    // ---- connections

    private void write(Step.Write step) {
        withEnd(step.end(), step.via(), end -> {
            for (int i = 0; i < step.times(); i++) {
                run.keep(step.into(), end.write(step.size(), step.estimate()));
            }
        });
    }

    private void flush(Step.Flush step) {
        withEnd(
                step.end(),
                step.via(),
                end -> run.keep(step.into(), end.sending().flush()));
    }

    private void closed(Step.Closed step) {
        withEnd(step.end(), Via.OUTSIDE, end -> {
            Connection<Object, Object> connection = Objects.requireNonNull(end.connection());
            run.keep(step.into(), connection.closed(), "closed() of " + end);
        });
    }

    private void receive(Step.Receive step) {
        withEnd(
                step.end(),
                step.via(),
                end -> run.keep(step.into(), end.receiving().receive(step.wrap(), step.millis())));
    }

    private void rubbish(Step.Rubbish step) {
        withEnd(step.end(), step.via(), end -> {
            run.rubbishIsWritten();
            end.sending().writeRubbish(step.size());
        });
    }

    private void echo(Step.Echo step) {
        End end = run.end(step.end());
        Loop loop = end == null || here ? null : end.loop();
        if (end != null && loop != null && end.form == Step.Form.PULL) {
            run.attempt(() -> run.keep(
                    step.into(), loop.task("echo", () -> end.receiving().echo(step.size())), "the echo of " + end));
        }
    }

    // ---- calls

    private void call(Step.Call step) {
        Caller caller = run.caller(step.client());
        if (caller != null && caller.client() != null) {
            dispatch(step.via(), Loops.of(caller.connected), () -> run.keep(step.into(), caller.call(step)));
        }
    }

    private void closeClient(Step.CloseClient step) {
        Caller caller = run.caller(step.client());
        if (caller != null && caller.client() != null) {
            dispatch(step.via(), Loops.of(caller.connected), () -> caller.close(step.finish()));
        }
    }

    // ---- Futures

    private void cancel(Step.Cancel step) {
        Ledger.@Nullable Given given = run.kept(step.future());
        if (given != null) {
            dispatch(step.via(), Loops.of(given.future), () -> {
                given.mayBeCancelled = true;
                given.future.cancel();
            });
        }
    }

    private void derive(Step.Derive step) {
        Ledger.@Nullable Given from = run.kept(step.from());
        Ledger.@Nullable Given other = run.kept(step.other());
        if (from == null || other == null) {
            return;
        }
        @SuppressWarnings("unchecked")
        var first = (Future<@Nullable Object>) from.future;
        @SuppressWarnings("unchecked")
        var second = (Future<@Nullable Object>) other.future;
        from.mayBeCancelled = true;
        Duration time = Duration.ofMillis(step.millis());
        Future<?> derived = switch (step.derivation()) {
            case MAP -> first.map(value -> Run.NOTHING);
            case RECOVER -> first.recover(failure -> Run.NOTHING);
            case FLAT_MAP -> first.flatMap(value -> second);
            case TIMEOUT -> first.timeout(time);
            case ALL -> Future.all(first, second);
            case ANY -> Future.any(first, second);
            case STAGE -> {
                var _ = first.toCompletableFuture();
                yield first.map(value -> Run.NOTHING);
            }
            case TASK -> Loops.of(first).task("await", first::await);
        };
        if (step.derivation() == Step.Derivation.ALL
                || step.derivation() == Step.Derivation.ANY
                || step.derivation() == Step.Derivation.FLAT_MAP) {
            other.mayBeCancelled = true;
        }
        Ledger.Given kept = run.keep(step.into(), derived, step.derivation() + " of " + from);
        kept.mayBeCancelled = true;
        kept.waitsForTime = from.waitsForTime || other.waitsForTime;
        if (step.derivation() == Step.Derivation.TIMEOUT) {
            run.deadlines().add(kept, time);
        }
    }

    // ---- the rest

    private void toListener(Step.ToListener step) {
        Server server = run.server(step.listener());
        if (server == null || step.listener() == Run.LISTENERS) {
            return;
        }
        Listener listener = server.listener();
        if (listener == null) {
            return;
        }
        if (step.listening() != Step.Listening.RESUME) {
            server.stopped = true;
        }
        run.attempt(() -> {
            switch (step.listening()) {
                case PAUSE -> listener.pause();
                case RESUME -> listener.resume();
                case CLOSE -> listener.close();
            }
        });
    }

    private void disturb(Step.Disturb step) {
        End end = run.end(2 * step.connection());
        End peer = run.end(2 * step.connection() + 1);
        if (end == null || peer == null || end.connection() == null || step.connection() == Run.CONTROL) {
            return;
        }
        if (step.reset()) {
            end.disturbed = true;
            peer.disturbed = true;
        }
        Connection<Object, Object> connection = end.connection();
        run.attempt(() -> run.world()
                .disturb(
                        connection.localAddress(),
                        connection.remoteAddress(),
                        step.reset(),
                        Duration.ofMillis(step.millis())));
    }

    private void closeLoop(Step.CloseLoop step) {
        int number = step.ofGroup() ? Run.GROUP + Run.MEMBERS - 1 : Run.LOOPS - 1;
        LoopGroup group = step.ofGroup() ? run.loops().group() : null;
        if (step.ofGroup() && group == null) {
            return;
        }
        Loop loop = group == null ? run.loops().get(number) : group.loops().getLast();
        if (run.loops().closing(loop)) {
            return;
        }
        run.loops().closesEarly(number);
        run.judge().allowSurvivors(true); // its deadline may be short
        for (int i = 0; i < Run.CLIENTS && step.deadlineMillis() >= 5000; i++) {
            Caller caller = run.caller(i);
            Server server = caller == null ? null : run.server(caller.listener());
            if (caller != null
                    && server != null
                    && Loops.of(server.opened) == loop
                    && Loops.of(caller.connected) != loop) {
                caller.serverCloses();
            }
        }
        run.attempt(() -> loop.close(Duration.ofMillis(step.deadlineMillis())));
        if (!loop.isClosed()) {
            run.ledger().violated(2, "close of " + loop + " has returned, and it is not closed");
        }
    }

    /** Returns a Promise that the program completes when it settles. */
    Promise<Object> later(Loop loop) {
        Promise<Object> promise = loop.promise();
        run.beforeSettling(() -> promise.complete(Run.NOTHING));
        return promise;
    }
}
