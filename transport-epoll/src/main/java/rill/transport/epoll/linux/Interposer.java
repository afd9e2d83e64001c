package rill.transport.epoll.linux;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * Stands between {@link LibC} and the kernel, so that a test can make any call fail as its manual page says it may.
 *
 * <p>Whether there is one is decided once, when LibC is loaded: in production there is none, at no cost.
 */
public interface Interposer {
    /** The system property that names the class of the interposer, which is public and has a public constructor without parameters. */
    String PROPERTY = "rill.transport.epoll.interposer";

    /**
     * Makes a call, or only pretends that it failed: sets errno and returns -1.
     *
     * @param kernel syscall(2)
     */
    long call(MethodHandle kernel, MemorySegment errno, long number, long a, long b, long c, long d, long e, long f)
            throws Throwable;

    /** Returns the handle to call instead of {@code kernel}, of the same type. */
    static MethodHandle around(MethodHandle kernel) {
        String wanted = System.getProperty(PROPERTY);
        if (wanted == null) {
            return kernel;
        }
        try {
            var constructor = Class.forName(wanted).getDeclaredConstructor();
            var interposer = (Interposer) constructor.newInstance();
            var type = kernel.type().insertParameterTypes(0, MethodHandle.class);
            MethodHandle call = MethodHandles.lookup().findVirtual(Interposer.class, "call", type);
            return MethodHandles.insertArguments(call, 0, interposer, kernel);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(PROPERTY + " names " + wanted + ", which can't be used", e);
        }
    }
}
