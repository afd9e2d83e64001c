package rill.testkit.storm;

import java.net.SocketAddress;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import rill.Connection;
import rill.Future;
import rill.ListenOptions;
import rill.Listener;
import rill.Loop;
import rill.LoopGroup;
import rill.Promise;

/** A listener of a program and, if it is a server, its answers. */
final class Server extends Actor {
    private final Run run;
    final int number;
    final Step.Listen step;
    private final Loop loop;
    final Hooks functions;
    private final Pipes.Pipe pipe;
    final Future<Listener> opened;
    volatile boolean stopped; // the program has paused or closed it
    private @Nullable Future<Object> shared; // guarded by this

    Server(Run run, Step.Listen step, Loop loop, @Nullable LoopGroup group, SocketAddress at) {
        this.run = run;
        this.number = step.listener();
        this.step = step;
        this.loop = loop;
        this.functions = new Hooks(run);
        this.pipe = Pipes.of(step.wire(), step.top(), functions, serves() ? this::hooks : run::opening, null);
        ListenOptions options =
                ListenOptions.defaults().limits(run.limits(step.marks())).requestsInFlight(4);
        opened = group == null ? listen(at, options) : listen(group, at, options);
    }

    private Future<Listener> listen(SocketAddress at, ListenOptions options) {
        return switch (step.form()) {
            case SERVE -> loop.serve(at, pipe.pipeline, options, this::serve);
            case KEYED -> loop.listen(at, pipe.pipeline, options, this::serveByKey);
            default -> loop.listen(at, pipe.pipeline, options, this::connected);
        };
    }

    private Future<Listener> listen(LoopGroup group, SocketAddress at, ListenOptions options) {
        return switch (step.form()) {
            case SERVE -> group.serve(at, pipe.pipeline, options, this::serve);
            case KEYED -> group.listen(at, pipe.pipeline, options, this::serveByKey);
            default -> group.listen(at, pipe.pipeline, options, this::connected);
        };
    }

    private void serveByKey(Connection<Object, Object> connection) {
        connection.onMessage(request -> keyed(connection, request));
    }

    private Hooks hooks() {
        var hooks = new Hooks(run);
        hooks.actor = this;
        return hooks;
    }

    boolean serves() {
        return step.form() == Step.Form.SERVE || step.form() == Step.Form.KEYED;
    }

    @Override
    public String toString() {
        return "server " + number;
    }

    @Nullable
    Listener listener() {
        return opened.isDone() && opened.failure() == null ? opened.result() : null;
    }

    Pipes.Pipe pipe() {
        return pipe;
    }

    private void connected(Connection<Object, Object> connection) {
        run.accepted(this, connection, run.openingEnds());
    }

    // ---- answering

    private Future<Object> serve(Object message) {
        Letter request = single(message);
        try {
            noteArrival(request);
            run.userCode().at(Step.Place.SERVICE, this);
            return switch (service(request)) {
                case NOW -> Future.of(answer(request));
                case LATER -> {
                    Letter answer = letter(request);
                    yield Objects.requireNonNull(Loop.current())
                            .delay(Caller.serviceTime(request))
                            .map(nothing -> message(answer));
                }
                case NEVER -> {
                    Promise<Object> never =
                            Objects.requireNonNull(Loop.current()).promise();
                    Letter answer = letter(request);
                    run.beforeSettling(() -> {
                        Object late = message(answer);
                        if (!never.complete(late)) {
                            io.netty.util.ReferenceCountUtil.release(late);
                        }
                    });
                    yield never;
                }
                case FAIL -> {
                    run.plantedAt(request);
                    yield Future.failed(new Planned.OfNetwork());
                }
                case THROW -> {
                    run.plantedAt(request);
                    throw new Planned.Unchecked();
                }
                case SHARED -> shared(request);
                case ELSEWHERE -> {
                    Letter answer = letter(request);
                    yield run.loops().another(loop).<Object>submit(() -> message(answer));
                }
            };
        } finally {
            request.release();
        }
    }

    private void noteArrival(Letter request) {
        if (run.actorOf(request, false) instanceof Caller caller) {
            caller.arrived(request.number);
        }
    }

    /** Returns one Future for all requests made while it is pending, on any connection. */
    private synchronized Future<Object> shared(Letter request) {
        Future<Object> pending = shared;
        if (pending == null || pending.isDone()) {
            var answer = new Letter(Letter.Kind.ANSWER, request.channel + Caller.ANSWERS, 0, request.first, 0, 0);
            answer.retain(1_000_000); // shared by many
            Promise<Object> promise = loop.promise();
            loop.schedule(Caller.serviceTime(request), () -> promise.complete(answer));
            pending = promise;
            shared = pending;
        }
        return pending;
    }

    private void keyed(Connection<Object, Object> connection, Object message) {
        Letter request = single(message);
        try {
            noteArrival(request);
            run.userCode().at(Step.Place.SERVICE, this);
            switch (service(request)) {
                case LATER, ELSEWHERE -> {
                    Letter answer = letter(request);
                    connection.loop().schedule(Caller.serviceTime(request), () -> connection.write(message(answer)));
                }
                case NEVER, FAIL -> {}
                case THROW -> {
                    run.plantedAt(request);
                    throw new Planned.Unchecked();
                }
                default -> connection.write(answer(request));
            }
        } finally {
            request.release();
        }
    }

    private Step.Service service(Letter request) {
        Step.Service wanted = Caller.service(request);
        return wanted == Step.Service.NEVER && run.settling() ? Step.Service.NOW : wanted;
    }

    private Letter single(Object message) {
        List<Letter> letters = pipe.reader(functions).read(message);
        if (letters.size() != 1) {
            throw new IllegalStateException("a request is one letter: " + letters);
        }
        return letters.getFirst();
    }

    private Letter letter(Letter request) {
        return new Letter(
                Letter.Kind.ANSWER,
                request.channel + Caller.ANSWERS,
                run.has(Plant.WRONG_ANSWER) && step.form() == Step.Form.SERVE ? request.number + 1 : request.number,
                /* length= */ request.first,
                /* first= */ request.second,
                /* second= */ request.length);
    }

    private Object message(Letter answer) {
        return pipe.wrap(answer, run.ledger(), run.step());
    }

    private Object answer(Letter request) {
        return message(letter(request));
    }
}
