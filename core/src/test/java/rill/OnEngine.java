package rill;

/** Says with which engine a test runs. */
interface OnEngine {
    TaskEngine engine();
}
