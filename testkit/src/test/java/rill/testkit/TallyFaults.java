package rill.testkit;

import java.io.IOException;
import rill.spi.Tally;

/** Faults in what a Selector reports of its own work. */
final class TallyFaults {
    private TallyFaults() {}

    /** Reports each read several times. */
    static final class CountsReadsByTheByte extends PassingSelector {
        private static final int TIMES = 10;

        @Override
        public void tellInto(Tally tally) {
            super.tellInto(new Tally() {
                @Override
                public void read() {
                    for (int i = 0; i < TIMES; i++) {
                        tally.read();
                    }
                }

                @Override
                public void written() {
                    tally.written();
                }

                @Override
                public void awake() {
                    tally.awake();
                }
            });
        }
    }

    static final class CountsAReadWithEachSelect extends PassingSelector {
        private Tally told = Tally.NONE;

        @Override
        public void tellInto(Tally tally) {
            told = tally;
            super.tellInto(tally);
        }

        @Override
        public void select(long timeoutNanos) throws IOException {
            told.read();
            super.select(timeoutNanos);
        }
    }

    static final class TellsOfWaitsThatWereNone extends PassingSelector {
        private Tally told = Tally.NONE;

        @Override
        public void tellInto(Tally tally) {
            told = tally;
            super.tellInto(tally);
        }

        @Override
        public void select(long timeoutNanos) throws IOException {
            super.select(timeoutNanos);
            told.awake();
        }
    }

    static final class TellsTheFirstForEver extends PassingSelector {
        private boolean asked;

        @Override
        public void tellInto(Tally tally) {
            if (!asked) {
                asked = true;
                super.tellInto(tally);
            }
        }
    }
}
