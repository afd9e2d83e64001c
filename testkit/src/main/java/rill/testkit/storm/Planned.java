package rill.testkit.storm;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What a program throws on purpose, so that it is told from what nobody meant to throw. */
interface Planned {
    /** Unchecked. */
    final class Unchecked extends RuntimeException implements Planned {
        private static final long serialVersionUID = 1L;

        Unchecked() {
            super("thrown by the program", null, false, false);
        }
    }

    /** An Error. */
    final class Serious extends Error implements Planned {
        private static final long serialVersionUID = 1L;

        Serious() {
            super("thrown by the program", null, false, false);
        }
    }

    /** As the network throws. */
    final class OfNetwork extends IOException implements Planned {
        private static final long serialVersionUID = 1L;

        OfNetwork() {
            super("thrown by the program");
        }
    }

    /** For want of memory. */
    final class NoMemory extends OutOfMemoryError implements Planned {
        private static final long serialVersionUID = 1L;

        NoMemory() {
            super("refused by the program");
        }
    }

    /** Whether it is for want of memory. */
    static boolean isNoMemory(@Nullable Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause() == each ? null : each.getCause()) {
            if (each instanceof NoMemory) {
                return true;
            }
        }
        return false;
    }

    /** Whether this, or what is behind it, was meant. */
    static boolean is(@Nullable Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause() == each ? null : each.getCause()) {
            if (each instanceof Planned) {
                return true;
            }
        }
        return false;
    }

    /** Throws it, whether it is checked or not. */
    @SuppressWarnings("unchecked")
    static <X extends Throwable> void sneak(Throwable thrown) throws X {
        throw (X) thrown;
    }
}
