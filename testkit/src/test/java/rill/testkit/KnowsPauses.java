package rill.testkit;

/** Knows whether its reads are paused. */
class KnowsPauses extends PassingWire {
    boolean paused;

    @Override
    public void pauseReads() {
        paused = true;
        super.pauseReads();
    }

    @Override
    public void resumeReads() {
        paused = false;
        super.resumeReads();
    }
}
