package rill.bench;

import java.util.Locale;

/** Numbers in a readable form. */
final class Units {
    private Units() {}

    /** Returns the value with its unit: {@code 131,000 /s}, {@code 7.25 µs}, {@code 1.2 MiB}. */
    static String text(Figure figure, double value) {
        return text(figure.unit, value);
    }

    static String text(String unit, double value) {
        return switch (unit) {
            case "ns" -> nanos(value);
            case "B" -> bytes(value);
            case "/s" -> number(value) + " /s";
            case "%" -> number(value) + " %";
            default -> number(value);
        };
    }

    private static String nanos(double value) {
        double size = Math.abs(value);
        if (size < 1e3) {
            return number(value) + " ns";
        } else if (size < 1e6) {
            return number(value / 1e3) + " µs";
        } else if (size < 1e9) {
            return number(value / 1e6) + " ms";
        }
        return number(value / 1e9) + " s";
    }

    private static String bytes(double value) {
        double size = Math.abs(value);
        if (size < 10_000) {
            return number(value) + " B";
        } else if (size < 10_000_000) {
            return number(value / 1024) + " KiB";
        }
        return number(value / (1024 * 1024)) + " MiB";
    }

    /** Returns three significant digits, with thousands separated. */
    static String number(double value) {
        double size = Math.abs(value);
        String format = size == 0 || size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
        return String.format(Locale.ROOT, format, size >= 1000 ? threeDigits(value) : value);
    }

    private static double threeDigits(double value) {
        double step = Math.pow(10, Math.floor(Math.log10(Math.abs(value))) - 2);
        return Math.round(value / step) * step;
    }

    /** Returns a short form for an axis: {@code 200 k}, {@code 5 µs}. */
    static String brief(String unit, double value) {
        if (!unit.equals("/s")) {
            return text(unit, value).replace(".00", "").replace(".0", "");
        }
        String text =
                value >= 1e6 ? number(value / 1e6) + " M" : value >= 1e3 ? number(value / 1e3) + " k" : number(value);
        return text.replace(".00", "").replace(".0", "");
    }

    /** Returns minutes and seconds. */
    static String duration(double seconds) {
        long whole = Math.round(seconds);
        return whole >= 3600
                ? String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60)
                : String.format(Locale.ROOT, "%d:%02d min", whole / 60, whole % 60);
    }
}
