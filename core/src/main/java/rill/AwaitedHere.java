package rill;

import java.util.Set;

/**
 * The place where a failure came out of an {@code await}. The failure itself was created elsewhere, perhaps long before; this is added to it as a
 * suppressed exception. Each place is added once, and the number of places is bounded, since one exception may be awaited a million times.
 */
final class AwaitedHere extends Exception {
    private static final long serialVersionUID = 1L;

    /** The number of awaiting places that a failure records. */
    static final int PLACES = 8;

    private static final StackWalker STACK = StackWalker.getInstance();
    private static final Set<String> ON_THE_WAY = Set.of(
            AwaitedHere.class.getName(),
            Future.class.getName(),
            Driving.class.getName(),
            BareLoop.class.getName(),
            BareLoop.class.getPackageName() + ".Loop"); // which passes on its users' calls

    private final String place;

    private AwaitedHere(String place) {
        super("it was awaited here");
        this.place = place;
    }

    /** Adds the present place to a failure that is about to be thrown. */
    static <T extends Throwable> T addedTo(T failure) {
        if (failure instanceof VirtualMachineError) {
            return failure; // no memory or no stack left for more
        }
        String here = STACK.walk(frames -> frames.dropWhile(frame -> ON_THE_WAY.contains(frame.getClassName()))
                .findFirst()
                .map(Object::toString)
                .orElse(""));
        synchronized (failure) { // as addSuppressed
            int places = 0;
            for (Throwable each : failure.getSuppressed()) {
                if (each instanceof AwaitedHere awaited) {
                    places++;
                    if (awaited.place.equals(here)) {
                        return failure;
                    }
                }
            }
            if (places < PLACES) {
                failure.addSuppressed(new AwaitedHere(here));
            }
        }
        return failure;
    }
}
