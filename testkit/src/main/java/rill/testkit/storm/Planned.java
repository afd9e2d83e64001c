package rill.testkit.storm;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Thrown by a program on purpose, so that it can be told from what nobody meant to throw. */
interface Planned {
    /** An unchecked exception. */
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

    /** An exception as the network throws them. */
    final class OfNetwork extends IOException implements Planned {
        private static final long serialVersionUID = 1L;

        OfNetwork() {
            super("thrown by the program");
        }
    }

    /** Lack of memory. */
    final class NoMemory extends OutOfMemoryError implements Planned {
        private static final long serialVersionUID = 1L;

        NoMemory() {
            super("refused by the program");
        }
    }

    /** Whether this, or a cause of it, is a lack of memory. */
    static boolean isNoMemory(@Nullable Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause() == each ? null : each.getCause()) {
            if (each instanceof NoMemory) {
                return true;
            }
        }
        return false;
    }

    /** Whether this, or a cause of it, was thrown on purpose. */
    static boolean is(@Nullable Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause() == each ? null : each.getCause()) {
            if (each instanceof Planned) {
                return true;
            }
        }
        return false;
    }

    /** Throws it, checked or not. */
    @SuppressWarnings("unchecked")
    static <X extends Throwable> void sneak(Throwable thrown) throws X {
        throw (X) thrown;
    }
}
