package rill.transport.epoll.linux;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Why a transport of Linux is not available here. */
public final class Unavailable {
    private Unavailable() {}

    /**
     * Describes the obstacle; null if there is none. Never throws.
     *
     * @param what the part of Linux that is needed
     * @param refusal returns what the system says to a trial, or null; called once there is no other obstacle
     */
    public static @Nullable String because(String what, Supplier<@Nullable String> refusal) {
        String system = System.getProperty("os.name", "");
        if (!system.equals("Linux")) {
            return what + " is part of Linux, and this is " + system;
        }
        if (Architecture.here() == null) {
            return "the numbers of its system calls are not known for the processor architecture "
                    + System.getProperty("os.arch");
        }
        Module module = Unavailable.class.getModule();
        if (!module.isNativeAccessEnabled()) {
            return "native access is not enabled; start java with --enable-native-access="
                    + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
        }
        try {
            return refusal.get();
        } catch (LinkageError | IllegalCallerException e) {
            return "the C library can't be used: " + e;
        } catch (RuntimeException | OutOfMemoryError e) {
            return "it can't be tried: " + e;
        }
    }

    /** Returns whether this is a lack of descriptors, which may be over in a moment. */
    public static boolean onlyForNow(int errno) {
        return errno == Errno.EMFILE || errno == Errno.ENFILE;
    }
}
