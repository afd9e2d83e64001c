package rill;

import java.util.ArrayDeque;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of requests and answers: takes requests up to a bound, and writes the answers in the order of the requests, in whatever order
 * they are ready.
 */
final class Responder<Q, A> implements Receiver<Q>, Dependent {
    private final Link link;
    private final Loop loop;
    private final int bound;
    private final Service<? super Q, A> service;
    private final ArrayDeque<Future<A>> unanswered = new ArrayDeque<>();
    private boolean ended; // by the peer
    private boolean finishing; // by this side
    private boolean answering; // the service is being called, and may request the end after this answer
    private boolean waitsForDrain;

    private Responder(Link link, int bound, Service<? super Q, A> service) {
        this.link = link;
        this.loop = link.loop();
        this.bound = bound;
        this.service = service;
    }

    static <Q, A> void open(Link link, Pipeline<Q, A> pipeline, ListenOptions options, Service<? super Q, A> service) {
        link.open(pipeline);
        receive(link, options, service);
    }

    /** For a connection that is already open. */
    static <Q, A> void receive(Link link, ListenOptions options, Service<? super Q, A> service) {
        link.receiver(new Responder<>(link, options.requestsInFlight(), service));
    }

    @Override
    public boolean wantsMessage() {
        if (unanswered.size() >= bound) {
            return false;
        }
        if (link.outbound().full()) {
            waitForDrain();
            return false;
        }
        return true;
    }

    private void waitForDrain() {
        if (!waitsForDrain) {
            waitsForDrain = true;
            link.outbound().writable().onDone((nothing, failure) -> {
                waitsForDrain = false;
                writeAnswers();
                link.inbound().later();
            });
        }
    }

    @Override
    public void message(Q request) {
        Future<A> answer;
        answering = true;
        try {
            answer = Objects.requireNonNull(
                    service.answer(request), "the service has returned null, where a Future of an answer is expected");
        } catch (Throwable t) {
            answer = loop.promise();
            ((Promise<A>) answer).fail(t);
        }
        answering = false;
        unanswered.add(answer);
        if (answer.isDone()) {
            answer.hold();
            answer.forgo();
            writeAnswers();
        } else {
            answer.addDependent(this);
        }
    }

    @Override
    public void settled(Future<?> source) {
        source.hold(); // until its turn has come
        if (source.loop == loop) {
            writeAnswers();
        } else {
            loop.enqueue(new Handle(loop, "answer of ", link, this::writeAnswers));
        }
    }

    @Override
    public Loop home() {
        return loop;
    }

    private void writeAnswers() {
        boolean wasFull = unanswered.size() >= bound;
        while (!unanswered.isEmpty() && unanswered.getFirst().isDone() && link.receives()) {
            if (link.outbound().mustWait()) {
                waitForDrain(); // one too many would be refused, and the next would be taken for it
                break;
            }
            Future<A> answer = unanswered.removeFirst();
            Throwable failure = answer.failure();
            if (failure != null) {
                link.failed(failure, false);
                return;
            }
            A message = answer.result();
            if (message == null) {
                link.failed(
                        new NullPointerException("the service's Future gave null, where an answer is expected"), false);
                return;
            }
            Throwable unwritten = link.outbound().encode(link.stack().top(), message);
            if (unwritten != null && link.outbound().closed() == null) {
                link.failed(unwritten, false); // the next answer would be taken for this one
                return;
            }
        }
        if (unanswered.isEmpty() && (ended || finishing)) {
            link.end();
        } else if (wasFull && unanswered.size() < bound) {
            link.inbound().later();
        }
    }

    @Override
    public void ended() {
        ended = true;
        if (unanswered.isEmpty()) {
            link.end();
        }
    }

    @Override
    public void finish() {
        finishing = true;
        link.inbound().finish(false);
        if (unanswered.isEmpty() && !answering) {
            link.end();
        }
    }

    @Override
    public boolean closed(@Nullable Throwable cause) {
        Each.taken(unanswered, loop, "an answer for ", link, answer -> giveUp(answer, cause));
        return false;
    }

    private void giveUp(Future<A> answer, @Nullable Throwable cause) {
        if (answer.isDone() || !answer.abandon(this)) {
            tellLate(answer, cause);
        } else {
            answer.addDependent(new Unheard());
        }
    }

    /** Handles an answer that has no receiver left, when this was the one to look at its failure. */
    private void tellLate(Future<?> answer, @Nullable Throwable toldAlready) {
        Throwable failure = answer.failure(); // or that its value has returned
        if (failure == null) {
            releaseLate(answer);
        } else if (failure != toldAlready && !(failure instanceof CancelledException)) {
            loop.threw("an answer for ", link, failure);
        }
    }

    private static void releaseLate(Future<?> answer) {
        Object late = answer.result();
        if (late != null) {
            Messages.release(late);
        }
    }

    /** Waits for an answer that has no receiver here. It may arrive nevertheless, if another dependent wants it or it can't be stopped. */
    private final class Unheard implements Dependent {
        @Override
        public void settled(Future<?> source) {
            if (source.parcel() == null && !source.hasFailed()) { // otherwise the parcel, or FailureWatch, handles it
                releaseLate(source);
            }
        }

        @Override
        public Loop home() {
            return loop;
        }

        @Override
        public boolean counts() {
            return false;
        }
    }

    @Override
    public String unfinished() {
        return unanswered.isEmpty() ? "" : unanswered.size() + " requests unanswered";
    }
}
