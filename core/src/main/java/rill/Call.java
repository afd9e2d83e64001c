package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One call of a {@link Client}, from the request to the answer. When it is over, its client reuses the object for a later call, so a call allocates
 * only its Promise. Confined to the loop.
 *
 * <pre>
 *             its turn           its answer
 *  WAITING ──────────────▶ SENT ─────────────────────────────────▶ OVER
 *     │                      │ cancelled, or late                   ▲
 *     │ cancelled, or late   ▼          never arrived (by key)      │ its answer
 *     │                  TOMBSTONE ─────────────────────▶ FORGOTTEN │
 *     ▼                      └──────────────────────────────┴───────┘
 *  GIVEN_UP, until the queue reaches its place
 * </pre>
 */
final class Call<Q, A> extends Chain.Item<Call<Q, A>> implements Runnable, Bystander {
    /** The state of a call. */
    enum State {
        OVER,
        WAITING,
        GIVEN_UP,
        SENT,
        TOMBSTONE,
        FORGOTTEN
    }

    private final Calls<Q, A> owner;
    State state = State.OVER;

    @Nullable
    Promise<A> promise; // while someone waits for it

    @Nullable
    Object name; // the name of its request in messages; likewise

    @Nullable
    Q request; // while it waits for its turn

    @Nullable
    Q kept; // set once it was sent, if it may be sent again on another connection

    @Nullable
    Object key; // if answers are matched by key

    /** How often its request was written before, on other connections; or {@link Handover#STAYS}. */
    int tries;

    /** The number of bytes that its request counts for. */
    int weight;

    /** Whether it is over once it is sent, since it has no answer. */
    boolean oneWay;

    /** When it is late, and how far ahead that was when it was made. */
    long due;

    @Nullable
    Duration limit;

    /** The timer, if it has its own deadline. */
    @Nullable
    Handle timer;

    /** Whether it is notified when its Promise is cancelled. */
    boolean watched;

    /** Whether its client is finishing and waits for it. */
    boolean awaited;

    /** Where it is among calls with the same limit. */
    @Nullable
    CallList<Q, A> list;

    /** The next call in its queue: of waiting calls, of sent calls, or of spare ones. */
    @Nullable
    Call<Q, A> next;

    Call(Calls<Q, A> owner) {
        this.owner = owner;
    }

    /** Has the client notified when the caller gives up. */
    void watch() {
        Promise<A> caller = promise;
        if (caller != null && !watched) {
            watched = true;
            caller.addDependent(this);
        }
    }

    /** Whether someone waits for it; nobody waits for a tombstone's answer. */
    boolean isWanted() {
        return promise != null && !promise.isDone();
    }

    /** Its own timer has expired. */
    @Override
    public void run() {
        owner.look(this);
    }

    /** Its caller has given up, unless it is another call by now. The Future may belong to another loop, if it was on another connection before. */
    @Override
    public void settled(Future<?> source) {
        Loop mine = owner.loop();
        if (source.loop == mine) {
            lookAt(source);
        } else {
            mine.enqueue(new Handle(mine, "the end of a call that was given up", () -> lookAt(source)));
        }
    }

    private void lookAt(Future<?> source) {
        if (source == promise) {
            owner.look(this);
        }
    }

    @Override
    public Loop home() {
        return owner.loop();
    }

    /** Nobody waits for it any more. */
    void leave() {
        if (watched && promise != null) {
            promise.removeDependent(this);
        }
        if (awaited) {
            owner.awaitedOneLeaves();
        }
        watched = false;
        awaited = false;
        promise = null;
        name = null;
        limit = null;
        Q unneeded = kept;
        kept = null;
        if (unneeded != null) {
            Messages.release(unneeded);
        }
    }

    /** Releases the request, which will not be sent. */
    void releaseRequest() {
        Q unsent = request;
        request = null;
        if (unsent != null) {
            Messages.release(unsent);
        }
    }

    /** Releases everything. */
    void clear() {
        leave();
        releaseRequest();
        state = State.OVER;
        key = null;
    }
}
