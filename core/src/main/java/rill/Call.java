package rill;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One call of a {@link Client}, from the request to the answer. When it is over, its client uses the object for a later call, so a call
 * allocates nothing but its Promise. Confined to the loop.
 *
 * <pre>
 *             its turn           its answer
 *  WAITING ──────────────▶ SENT ─────────────────────────────────▶ OVER
 *     │                      │ cancelled, or late                   ▲
 *     │ cancelled, or late   ▼          never came (by key)         │ its answer
 *     │                  TOMBSTONE ─────────────────────▶ FORGOTTEN │
 *     ▼                      └──────────────────────────────┴───────┘
 *  GIVEN_UP, until the queue comes to its place
 * </pre>
 */
final class Call<Q, A> implements Runnable, Bystander {
    /** Where it is. */
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
    Promise<A> promise; // while somebody waits for it

    @Nullable
    Object name; // what messages about it call its request; likewise

    @Nullable
    Q request; // while it waits for its turn

    @Nullable
    Q kept; // once it was sent: to send it again on another connection, if that may be done

    @Nullable
    Object key; // if answers come by key

    /** How often its request was written before, on other connections; or {@link Handover#STAYS}. */
    int tries;

    /** What its request counts for, in bytes. */
    int weight;

    /** Whether it is over once it is sent: nothing answers it. */
    boolean oneWay;

    /** When it is late, and how long that was from when it was made. */
    long due;

    @Nullable
    Duration limit;

    /** For a deadline of its own. */
    @Nullable
    Handle timer;

    /** Whether its Promise tells it when it is cancelled. */
    boolean watched;

    /** Whether its client, which finishes, waits for it. */
    boolean awaited;

    // Its place among those with the same limit.
    @Nullable
    CallList<Q, A> list;

    @Nullable
    Call<Q, A> before;

    @Nullable
    Call<Q, A> after;

    /** The next in the queue that it is in: of those that wait, of those that were sent, or of those that are over. */
    @Nullable
    Call<Q, A> next;

    Call(Calls<Q, A> owner) {
        this.owner = owner;
    }

    /** Has the client told when its caller gives up. */
    void watch() {
        Promise<A> caller = promise;
        if (caller != null && !watched) {
            watched = true;
            caller.addDependent(this);
        }
    }

    /** Whether somebody waits for it: a tombstone's answer is not worth waiting for. */
    boolean isWanted() {
        return promise != null && !promise.isDone();
    }

    /** Its own timer is due. */
    @Override
    public void run() {
        owner.look(this);
    }

    /** Its caller has given up; unless it is another call by now. The Future may be of another loop, if it was on another connection before. */
    @Override
    public void settled(Future<?> source) {
        Loop mine = owner.loop();
        if (mine.isCurrent()) {
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

    /** It will not be sent. */
    void releaseRequest() {
        Q unsent = request;
        request = null;
        if (unsent != null) {
            Messages.release(unsent);
        }
    }

    /** Lets go of everything. */
    void clear() {
        leave();
        releaseRequest();
        state = State.OVER;
        key = null;
    }
}
