package rill;

/**
 * A Dependent that is notified when a Future is done, but does not wait for it: Rill itself has something to do then. It does not keep the Future
 * from being cancelled, does not count as looking at a failure, and has no claim to the value.
 */
interface Bystander extends Dependent {
    @Override
    default boolean counts() {
        return false;
    }

    @Override
    default boolean owns() {
        return false;
    }
}
