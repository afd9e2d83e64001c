package rill.testkit.storm;

import org.jspecify.annotations.Nullable;

/** What the sessions of one connection know of the program: their actor, and where the program wants to step in. */
final class Hooks {
    final Run run;
    volatile @Nullable Actor actor; // unknown until its connection is known

    Hooks(Run run) {
        this.run = run;
    }

    /** User code is called at this place. */
    void at(Step.Place place) {
        run.userCode().at(place, actor);
    }

    /** User code without a session is called at this place, with this letter. */
    void at(Step.Place place, Letter letter, boolean incoming) {
        Actor mine = actor;
        Actor its = mine instanceof End ? mine : run.actorOf(letter, incoming);
        if (place == Step.Place.ENCODE && letter.kind == Letter.Kind.REQUEST && its instanceof Caller caller) {
            caller.encoded(letter.number);
        }
        run.userCode().at(place, its);
    }

    int step() {
        return run.step();
    }

    /** Whether something has happened to the actor. */
    boolean troubled() {
        return !(actor instanceof End end) || end.troubled();
    }

    /** The bytes read are not what the peer has written. */
    void corrupt(String what) {
        if (actor instanceof End end && end.hasReadOutOfOrder()) {
            return;
        }
        // Accepted connections that take some ticks to open, one beside the other, may have exchanged their hooks.
        boolean rubbish = (actor instanceof End end && end.id % 2 == 0) ? end.peerWritesRubbish() : run.rubbish();
        if (!rubbish) {
            run.ledger()
                    .violated(
                            1,
                            (actor == null ? "somebody" : actor.toString()) + " has read what nobody wrote: " + what);
        }
    }
}
