package rill;

/** How a call, or a {@link Caller#send}, has ended: passed to {@link Observer}, and counted by {@link LoopMetrics.Calls}. */
public enum CallOutcome {
    /** It was answered. */
    ANSWERED,
    /** It was a {@link Caller#send}, and was written. */
    SENT,
    /** Its caller gave it up. */
    CANCELLED,
    /** Time ran out: see {@link CallFailedException#isLate}. */
    LATE,
    /** It has failed otherwise, and no byte of it has left: see {@link CallFailedException.Fate#NEVER_SENT}. */
    NEVER_SENT,
    /** It has failed otherwise, and was written: see {@link CallFailedException.Fate#PERHAPS_CARRIED_OUT}. */
    PERHAPS_CARRIED_OUT,
    /** Its request could not be written: an encoder, a key function or a name function threw, or there was no memory. */
    REJECTED;

    /** The outcome of a call that failed with this exception. */
    static CallOutcome of(Throwable failure) {
        if (!(failure instanceof CallFailedException known)) {
            return REJECTED;
        }
        if (known.isLate()) {
            return LATE;
        }
        return known.fate() == CallFailedException.Fate.NEVER_SENT ? NEVER_SENT : PERHAPS_CARRIED_OUT;
    }
}
