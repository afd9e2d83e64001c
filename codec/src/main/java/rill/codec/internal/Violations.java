package rill.codec.internal;

/** The wording of protocol violations. */
public final class Violations {
    private Violations() {}

    /** A byte in readable form: {@code 'x' (0x78)}, {@code LF (0x0A)}, {@code 0xFF}. */
    public static String show(byte b) {
        String hex = String.format("0x%02X", b);
        return switch (b) {
            case '\r' -> "CR (" + hex + ")";
            case '\n' -> "LF (" + hex + ")";
            default -> b > ' ' && b < 0x7F ? "'" + (char) b + "' (" + hex + ")" : hex;
        };
    }
}
