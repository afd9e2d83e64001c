package rill;

/** A test that says which engine it runs with. */
interface OnEngine {
    TaskEngine engine();
}
