package rill.testkit.storm;

/**
 * One step of a {@link Program}. What it names by a number (a connection's end, a client, a Future) may not be there; then it does
 * nothing, so that a program from which steps were taken out is a program still.
 *
 * <p>Loops are 0 to 2; connection {@code n} has the ends {@code 2n}, which connected, and {@code 2n + 1}, which was accepted.
 */
public sealed interface Step {
    /** Where a step is carried out. */
    enum Via {
        /** In a Handle of the loop that it is about. */
        LOOP,
        /** On a thread outside. */
        OUTSIDE,
        /** In a Task of the loop. */
        TASK,
        /** In a Handle of another loop. */
        OTHER_LOOP,
        /** In a callback of a Future of the loop. */
        CALLBACK,
        /** On another platform thread; like {@link #OUTSIDE} where all is one thread. */
        THREAD,
        /** On a virtual thread; like {@link #OUTSIDE} where all is one thread. */
        VIRTUAL
    }

    /** How messages come in. */
    enum Form {
        /** By {@link rill.Connection#onMessage}. */
        PUSH,
        /** By {@link rill.Connection#onMessage}, each answered by one that is as long. */
        ECHO,
        /** By {@link rill.Connection#receive}, as steps say. */
        PULL,
        /** By {@link rill.Loop#serve}; for listeners, and clients only. */
        SERVE,
        /** By messages that are answered as their keys come up; for listeners, and clients only. */
        KEYED
    }

    /** What a connection's {@code onFailure} does. */
    enum OnFailure {
        /** There is none. */
        NONE,
        /** It listens. */
        LISTEN,
        /** It carries on where that is possible. */
        CARRY_ON,
        /** It throws. */
        THROW
    }

    /** A connection's water marks: low, high, hard. */
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

    /** What a codec says of a message's size before it is encoded. */
    enum Estimate {
        /** The truth. */
        RIGHT,
        /** Nothing at all. */
        ZERO,
        /** Ten times too much. */
        HUGE
    }

    /** What is done with a Future before it is kept. */
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

    /** What is done to one end of a connection. */
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
        /** By a failed Future. */
        FAIL(3),
        /** By throwing. */
        THROW(4),
        /** By a Future of another loop. */
        ELSEWHERE(5),
        /** By a Future that other requests are served by as well. */
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

    /** What is made of one Future, or two. */
    enum Derivation {
        /** {@link rill.Future#map}. */
        MAP,
        /** {@link rill.Future#recover}. */
        RECOVER,
        /** {@link rill.Future#flatMap}, to the other one. */
        FLAT_MAP,
        /** {@link rill.Future#timeout}. */
        TIMEOUT,
        /** {@link rill.Future#all}, with the other one. */
        ALL,
        /** {@link rill.Future#any}, with the other one. */
        ANY,
        /** To a {@link java.util.concurrent.CompletableFuture} and back. */
        STAGE,
        /** A Task that awaits it. */
        TASK
    }

    /** Where user code is called. */
    enum Place {
        /** When a message is received by an end. */
        MESSAGE,
        /** When an end is told that the peer's stream is over. */
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
        /** In a callback of a Future, or a function that derives one. */
        CALLBACK
    }

    /** What is done to a listener. */
    enum Listening {
        /** {@link rill.Listener#pause}. */
        PAUSE,
        /** {@link rill.Listener#resume}. */
        RESUME,
        /** {@link rill.Listener#close}. */
        CLOSE
    }

    /** What becomes of connecting. */
    enum Losing {
        /** Somebody cancels it. */
        CANCEL,
        /** Its {@code timeout} is short. */
        TIMEOUT,
        /** It is in an {@code any} with another. */
        ANY,
        /** It is in an {@code all} with one that is refused. */
        ALL,
        /** Its {@code map} is cancelled. */
        MAP,
        /** A Task awaits it that is cancelled. */
        TASK,
        /** A Task awaits it that has been cancelled already. */
        CANCELLED_TASK
    }

    /** What is thrown. */
    enum Thrown {
        /** A RuntimeException. */
        UNCHECKED,
        /** An Error. */
        ERROR,
        /** An IOException, declared or not. */
        IO
    }

    /** Listens, on loop 3 in a group of two more where there can be one; {@code wire} names byte layers and framing, {@code top} what is above. */
    record Listen(int listener, int loop, String wire, String top, Form form, Marks marks, OnFailure onFailure)
            implements Step {}

    /** Connects to a listener, by a name that has to be looked up or not; its {@code wire} is the listener's. */
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

    /** Connects, and does not want it any more some milliseconds later. */
    record Lose(int loop, int listener, String top, Losing how, int millis, Via via) implements Step {}

    /** Two ends go on with another pipeline. */
    record Become(int end, String wire, String top, String peersTop, boolean inHandler) implements Step {}

    /** A Task of an end's loop that is cancelled, and then receives. */
    record CancelledReceive(int end) implements Step {}

    /** A Task throws, and nobody awaits it. */
    record Unawaited(int loop) implements Step {}

    /** A thread outside awaits a Future. */
    record Await(int future) implements Step {}

    /** Connects a client to a listener that serves. */
    record Dial(int client, int loop, int listener, int inFlight, int waiting, boolean waits, int deadlineMillis)
            implements Step {}

    /**
     * Opens a pool to a listener that serves, in a group where there can be one and {@code loop} says so; calls are made of it as of the client with that
     * number. With {@code again}, they may be carried out twice.
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

    /** Writes so many letters. */
    record Write(int end, int size, int times, Estimate estimate, Via via, int into) implements Step {}

    /** Flushes. */
    record Flush(int end, Via via, int into) implements Step {}

    /** Receives one letter, in the pull form. */
    record Receive(int end, Wrap wrap, int millis, Via via, int into) implements Step {}

    /** Does something to one end of a connection. */
    record Do(Action action, int end, Via via) implements Step {}

    /** Asks an end for its {@code closed()}. */
    record Closed(int end, int into) implements Step {}

    /** A Promise that nobody completes before the program settles. */
    record Never(int loop, int into) implements Step {}

    /** Calls; {@code deadlineMillis} 0 for the client's own. */
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

    /** Closes loop 2, or the last one of the group. */
    record CloseLoop(int deadlineMillis, boolean ofGroup) implements Step {}

    /** Gives loops that have work so many ticks. */
    record Turns(int count) implements Step {}

    /** Lets time pass. */
    record Pass(int millis) implements Step {}

    /** A Handle holds a loop for so long. */
    record Busy(int loop, int millis) implements Step {}

    /** What a connection sends arrives nowhere for so long; with {@code reset}, never. */
    record Disturb(int connection, boolean reset, int millis) implements Step {}

    /** Writes bytes that mean nothing, at an end whose top is {@code bytes}. */
    record Rubbish(int end, int size, Via via) implements Step {}

    /** A Task of an end's loop that receives, and writes a letter for each. */
    record Echo(int end, int size, int into) implements Step {}

    /**
     * The next-but-{@code nth} time that somebody's code is called at this place, {@code then} happens in there. The actor is an end, or
     * 100 and the number of a client, or 200 and that of a listener.
     */
    record Trap(Place place, int actor, int nth, Step then) implements Step {}

    /** The next-but-{@code nth} time that anybody's code is called, wherever that is, it throws. */
    record ThrowAt(int nth, Thrown thrown) implements Step {}

    /** The next-but-{@code nth} piece of memory that a loop asks for is refused. */
    record RefuseMemory(int nth) implements Step {}

    /** Throws; in a {@link Trap}. */
    record Throw(Thrown thrown) implements Step {}
}
