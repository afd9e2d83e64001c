package rill.testkit.storm;

import org.jspecify.annotations.Nullable;

/** What the sessions of one connection know of the program: whose they are, and where it wants to step in. */
final class Hooks {
    final Run run;
    volatile @Nullable Actor actor; // unknown until its connection is

    Hooks(Run run) {
        this.run = run;
    }

    /** User code is called at this place. */
    void at(Step.Place place) {
        run.userCode().at(place, actor);
    }

    /** User code that has no session is called at this place, with this letter. */
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

    /** Whether something has happened to whose these are. */
    boolean troubled() {
        return !(actor instanceof End end) || end.troubled();
    }

    /** Bytes are not as the peer has written them. */
    void corrupt(String what) {
        boolean rubbish = actor instanceof End end ? end.peerWritesRubbish() : run.rubbish();
        if (!rubbish) {
            run.ledger()
                    .violated(
                            1,
                            (actor == null ? "somebody" : actor.toString()) + " has read what nobody wrote: " + what);
        }
    }
}
