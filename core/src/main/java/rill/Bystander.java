package rill;

/**
 * A Dependent that is told and does not wait: what Rill itself has to do when a Future is done. It is no reason for the Future to go
 * on, it does not look at a failure, and the value is not for it.
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
