package rill.testkit.storm;

/**
 * One step of a {@link Program}. If something that it refers to by number (a connection's end, a client, a Future) does not exist, the step is a
 * no-op, so a program remains valid when steps are taken out.
 *
 * <p>Loops are numbered 0 to 2. Connection {@code n} has the ends {@code 2n}, which connected, and {@code 2n + 1}, which was accepted.
 */
public sealed interface Step {
    /** Where a step is performed. */
    enum Via {
        /** In a Handle of the loop that the step is about. */
        LOOP,
        /** On a thread outside. */
        OUTSIDE,
        /** In a Task of the loop. */
        TASK,
        /** In a Handle of another loop. */
        OTHER_LOOP,
        /** In a callback of a Future of the loop. */
        CALLBACK,
        /** On another platform thread; like {@link #OUTSIDE} where there is only one thread. */
        THREAD,
        /** On a virtual thread; like {@link #OUTSIDE} where there is only one thread. */
        VIRTUAL
    }

    /** How messages are received. */
    enum Form {
        /** By {@link rill.Connection#onMessage}. */
        PUSH,
        /** By {@link rill.Connection#onMessage}, each answered by one of the same length. */
        ECHO,
        /** By {@link rill.Connection#receive}, in steps of the program. */
        PULL,
        /** By {@link rill.Loop#serve}; only for listeners and clients. */
        SERVE,
        /** Requests answered by key, in any order; only for listeners and clients. */
        KEYED
    }

    /** What a connection's {@code onFailure} does. */
    enum OnFailure {
        /** There is none. */
        NONE,
        /** It observes. */
        LISTEN,
        /** It carries on where that is possible. */
        CARRY_ON,
        /** It throws. */
        THROW
    }

    /** A connection's water marks: low, high, hard limit. */
    enum Marks {
        /** Reached by every other message. */
        TINY(100, 400, 1000),
        /** Reached by some. */
        SMALL(1000, 4000, 16_000),
        /** Those of {@link rill.ConnectionLimits#defaults}. */
        USUAL(64 * 1024, 256 * 1024, 1024 * 1024);

        final int low;
        final int high;
        final int hard;

        Marks(int low, int high, int hard) {
            this.low = low;
            this.high = high;
            this.hard = hard;
        }
    }

    /** A codec's estimate of a message's size before it is encoded. */
    enum Estimate {
        /** The truth. */
        RIGHT,
        /** Zero. */
        ZERO,
        /** Ten times too much. */
        HUGE
    }

    /** What is done with a Future before it is stored. */
    enum Wrap {
        /** Nothing. */
        BARE,
        /** A {@code timeout} of some milliseconds. */
        TIMEOUT,
        /** An {@code any} with a delay of some milliseconds. */
        ANY,
        /** A {@code map}. */
        MAP,
        /** A Task that awaits it. */
        TASK,
        /** A {@code recover}. */
        RECOVER
    }

    /** An action on one end of a connection. */
    enum Action {
        /** {@link rill.Connection#pause}. */
        PAUSE,
        /** {@link rill.Connection#resume}. */
        RESUME,
        /** {@link rill.Connection#stop}. */
        STOP,
        /** {@link rill.Connection#shutdownOutput}. */
        SHUTDOWN_OUTPUT,
        /** {@link rill.Connection#close}. */
        CLOSE,
        /** {@link rill.Connection#abort}. */
        ABORT;

        boolean endsOutput() {
            return this == SHUTDOWN_OUTPUT || this == CLOSE || this == ABORT;
        }
    }

    /** How a request is served. */
    enum Service {
        /** At once. */
        NOW(0),
        /** After some milliseconds. */
        LATER(1),
        /** Not before the program settles. */
        NEVER(2),
        /** With a failed Future. */
        FAIL(3),
        /** By throwing. */
        THROW(4),
        /** With a Future of another loop. */
        ELSEWHERE(5),
        /** With a Future shared with other requests. */
        SHARED(6);

        final int code; // in a request

        Service(int code) {
            this.code = code;
        }

        static Service of(int code) {
            for (Service each : values()) {
                if (each.code == code) {
                    return each;
                }
            }
            throw new IllegalArgumentException("no such service: " + code);
        }
    }

    /** What is derived from one Future, or two. */
    enum Derivation {
        /** {@link rill.Future#map}. */
        MAP,
        /** {@link rill.Future#recover}. */
        RECOVER,
        /** {@link rill.Future#flatMap}, to the other Future. */
        FLAT_MAP,
        /** {@link rill.Future#timeout}. */
        TIMEOUT,
        /** {@link rill.Future#all}, with the other Future. */
        ALL,
        /** {@link rill.Future#any}, with the other Future. */
        ANY,
        /** To a {@link java.util.concurrent.CompletableFuture} and back. */
        STAGE,
        /** A Task that awaits it. */
        TASK
    }

    /** The places where user code is called. */
    enum Place {
        /** When an end receives a message. */
        MESSAGE,
        /** When an end is notified of the end of the peer's stream. */
        END,
        /** In an end's {@code onFailure}. */
        FAILURE,
        /** In an end's decoder. */
        DECODE,
        /** In an end's encoder. */
        ENCODE,
        /** In an end's byte layer, reading or writing. */
        LAYER,
        /** In a mapping of an end, on the way up. */
        UP,
        /** In a mapping of an end, on the way down. */
        DOWN,
        /** In a codec's {@code sizeEstimate}. */
        ESTIMATE,
        /** In the {@code outputEnding} or {@code closed} of an end's session. */
        GOODBYE,
        /** In a server's function. */
        SERVICE,
        /** In a callback of a Future, or a function that derives a Future. */
        CALLBACK
    }

    /** An action on a listener. */
    enum Listening {
        /** {@link rill.Listener#pause}. */
        PAUSE,
        /** {@link rill.Listener#resume}. */
        RESUME,
        /** {@link rill.Listener#close}. */
        CLOSE
    }

    /** How interest in a connect is lost. */
    enum Losing {
        /** It is cancelled. */
        CANCEL,
        /** Its {@code timeout} is short. */
        TIMEOUT,
        /** It is part of an {@code any} with another. */
        ANY,
        /** It is part of an {@code all} with one that is refused. */
        ALL,
        /** Its {@code map} is cancelled. */
        MAP,
        /** The Task that awaits it is cancelled. */
        TASK,
        /** The Task that awaits it had already been cancelled. */
        CANCELLED_TASK
    }

    /** Kinds of exceptions to throw. */
    enum Thrown {
        /** A RuntimeException. */
        UNCHECKED,
        /** An Error. */
        ERROR,
        /** An IOException, declared or not. */
        IO
    }

    /**
     * Listens. Loop 3 stands for a group of two more loops, in worlds that can have one. {@code wire} names byte layers and framing, {@code top} what
     * is above.
     */
    record Listen(int listener, int loop, String wire, String top, Form form, Marks marks, OnFailure onFailure)
            implements Step {}

    /** Connects to a listener, optionally by a name that has to be looked up; its {@code wire} is the listener's. */
    record Connect(
            int connection,
            int loop,
            int listener,
            boolean byName,
            String top,
            Form form,
            Marks marks,
            OnFailure onFailure)
            implements Step {}

    /** Connects, and loses interest some milliseconds later. */
    record Lose(int loop, int listener, String top, Losing how, int millis, Via via) implements Step {}

    /** Both ends switch to another pipeline. */
    record Become(int end, String wire, String top, String peersTop, boolean inHandler) implements Step {}

    /** A Task of an end's loop is cancelled and then receives. */
    record CancelledReceive(int end) implements Step {}

    /** A Task throws, and nobody awaits it. */
    record Unawaited(int loop) implements Step {}

    /** A thread outside awaits a Future. */
    record Await(int future) implements Step {}

    /** Connects a client to a listener that serves. */
    record Dial(int client, int loop, int listener, int inFlight, int waiting, boolean waits, int deadlineMillis)
            implements Step {}

    /**
     * Opens a pool to a listener that serves, on the group if {@code loop} is 3 and the world can have one. Calls are made through it as through the
     * client with that number. With {@code again}, they may be carried out twice.
     */
    record OpenPool(
            int client,
            int loop,
            int listener,
            int least,
            int most,
            int inFlight,
            int waiting,
            boolean waits,
            int deadlineMillis,
            int ageMillis,
            boolean again)
            implements Step {}

    /** Writes this many letters. */
    record Write(int end, int size, int times, Estimate estimate, Via via, int into) implements Step {}

    /** Flushes. */
    record Flush(int end, Via via, int into) implements Step {}

    /** Receives one letter, in the pull form. */
    record Receive(int end, Wrap wrap, int millis, Via via, int into) implements Step {}

    /** Does something to one end of a connection. */
    record Do(Action action, int end, Via via) implements Step {}

    /** Asks an end for {@code closed()}. */
    record Closed(int end, int into) implements Step {}

    /** Makes a Promise that nobody completes before the program settles. */
    record Never(int loop, int into) implements Step {}

    /** Makes a call; {@code deadlineMillis} 0 means the client's own deadline. */
    record Call(
            int client,
            int size,
            int answer,
            Service service,
            int serviceMillis,
            int deadlineMillis,
            Wrap wrap,
            int millis,
            Via via,
            int into)
            implements Step {}

    /** Closes a client, or lets it finish. */
    record CloseClient(int client, boolean finish, Via via) implements Step {}

    /** Cancels a Future. */
    record Cancel(int future, Via via) implements Step {}

    /** Derives a Future. */
    record Derive(Derivation derivation, int from, int other, int millis, int into) implements Step {}

    /** Does something to a listener. */
    record ToListener(Listening listening, int listener) implements Step {}

    /** Closes loop 2, or the last loop of the group. */
    record CloseLoop(int deadlineMillis, boolean ofGroup) implements Step {}

    /** Gives loops that have work up to this many ticks. */
    record Turns(int count) implements Step {}

    /** Lets time pass. */
    record Pass(int millis) implements Step {}

    /** A Handle blocks a loop for this long. */
    record Busy(int loop, int millis) implements Step {}

    /** Delays what a connection sends by this long; with {@code reset}, resets the connection instead. */
    record Disturb(int connection, boolean reset, int millis) implements Step {}

    /** Writes meaningless bytes, at an end whose top is {@code bytes}. */
    record Rubbish(int end, int size, Via via) implements Step {}

    /** Starts a Task of an end's loop that receives, and writes a letter for each one received. */
    record Echo(int end, int size, int into) implements Step {}

    /**
     * Performs {@code then} inside of the actor's code, after it has been called {@code nth} times at this place. The actor is an end, or 100 plus
     * the number of a client, or 200 plus that of a listener.
     */
    record Trap(Place place, int actor, int nth, Step then) implements Step {}

    /** Throws from user code, whoever's it is and wherever it is called, after {@code nth} further calls. */
    record ThrowAt(int nth, Thrown thrown) implements Step {}

    /** Refuses the {@code nth} piece of memory that a loop asks for from now on, counted from 0. */
    record RefuseMemory(int nth) implements Step {}

    /** Throws; in a {@link Trap}. */
    record Throw(Thrown thrown) implements Step {}
}
