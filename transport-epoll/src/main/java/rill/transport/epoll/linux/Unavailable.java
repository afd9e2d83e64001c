package rill.transport.epoll.linux;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Why a transport of Linux can't be had here. */
public final class Unavailable {
    private Unavailable() {}

    /**
     * What is in the way, in words; null if nothing is. Never throws.
     *
     * @param what the part of Linux that is needed
     * @param refusal what the system says to a trial, or null; asked for once nothing else is in the way
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

    /** Whether this is for want of descriptors, which may be had again in a moment. */
    public static boolean onlyForNow(int errno) {
        return errno == Errno.EMFILE || errno == Errno.ENFILE;
    }
}
