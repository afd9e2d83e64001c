package rill.codec.resp;

/** Floating-point numbers as RESP3 writes them. */
final class Numbers {
    private static final double EXACT_UP_TO = 1L << 53;

    private Numbers() {}

    /** The decimal text, as Redis writes it: large and small numbers with an exponent, whole ones without a point. */
    static String text(double number) {
        if (Double.isNaN(number)) {
            return "nan";
        }
        if (Double.isInfinite(number)) {
            return number > 0 ? "inf" : "-inf";
        }
        boolean whole = number == Math.rint(number) && Math.abs(number) < EXACT_UP_TO;
        boolean negativeZero = number == 0 && 1 / number < 0;
        return whole && !negativeZero
                ? Long.toString((long) number)
                : Double.toString(number).replace('E', 'e');
    }
}
