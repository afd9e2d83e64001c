package rill.codec.internal;

/** The words of protocol violations. */
public final class Violations {
    private Violations() {}

    /** A byte as one wants to read it: {@code 'x' (0x78)}, {@code LF (0x0A)}, {@code 0xFF}. */
    public static String show(byte b) {
        String hex = String.format("0x%02X", b);
        return switch (b) {
            case '\r' -> "CR (" + hex + ")";
            case '\n' -> "LF (" + hex + ")";
            default -> b > ' ' && b < 0x7F ? "'" + (char) b + "' (" + hex + ")" : hex;
        };
    }
}
