package rill.transport.sim;

import java.util.List;
import java.util.Locale;

/** The few shapes that a picture is made of. */
final class Svg {
    private static final List<String> COLOURS =
            List.of("#1f77b4", "#9467bd", "#17a2a8", "#8c564b", "#d17a00", "#3f7f3f", "#5254a3", "#b5527f");

    private static final double WIDTH = 0.66; // of a character, relative to its size; in most fonts, most are narrower
    private static final int MARGIN = 16;

    private final StringBuilder shapes = new StringBuilder();
    private int right;

    /** Estimates the width of a text; rather too large than too small. */
    static int width(String text, int size) {
        return (int) Math.ceil(text.length() * size * WIDTH);
    }

    /** Returns the text, or as much of it as fits. */
    static String fitting(String text, int size, int width) {
        return Labels.shortened(text, Math.max(1, (int) (width / (size * WIDTH))));
    }

    static String colour(int number) {
        return COLOURS.get(Math.floorMod(number - 1, COLOURS.size()));
    }

    private void add(String shape) {
        shapes.append(shape).append('\n');
    }

    void line(int x1, int y1, int x2, int y2, String colour, double width, String dashes) {
        add(String.format(
                Locale.ROOT,
                "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"%.1f\"%s/>",
                x1,
                y1,
                x2,
                y2,
                colour,
                width,
                dashes.isEmpty() ? "" : " stroke-dasharray=\"" + dashes + "\""));
    }

    void arrow(int x1, int y1, int x2, int y2, String colour, double width, boolean head) {
        line(x1, y1, x2, y2, colour, width, "");
        if (head) {
            double angle = StrictMath.atan2(y2 - y1, x2 - x1);
            add(String.format(
                    Locale.ROOT,
                    "<path d=\"M%d %d L%.1f %.1f L%.1f %.1f Z\" fill=\"%s\"/>",
                    x2,
                    y2,
                    x2 - 9 * StrictMath.cos(angle - 0.35),
                    y2 - 9 * StrictMath.sin(angle - 0.35),
                    x2 - 9 * StrictMath.cos(angle + 0.35),
                    y2 - 9 * StrictMath.sin(angle + 0.35),
                    colour));
        }
    }

    void cross(int x, int y, String colour) {
        line(x - 4, y - 4, x + 4, y + 4, colour, 2.2, "");
        line(x - 4, y + 4, x + 4, y - 4, colour, 2.2, "");
    }

    void circle(int x, int y, double radius, String colour) {
        add(String.format(Locale.ROOT, "<circle cx=\"%d\" cy=\"%d\" r=\"%.1f\" fill=\"%s\"/>", x, y, radius, colour));
    }

    void box(int x, int y, int width, int height, String fill, String stroke, int corner) {
        right = Math.max(right, x + width);
        add(String.format(
                Locale.ROOT,
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"%d\" fill=\"%s\" stroke=\"%s\"/>",
                x,
                y,
                width,
                height,
                corner,
                fill,
                stroke));
    }

    void text(int x, int y, int size, String colour, String text, boolean bold) {
        right = Math.max(right, x + width(text, size));
        text(x, y, size, colour, text, bold, "start");
    }

    /** Writes a text that ends there. */
    void textBefore(int x, int y, int size, String colour, String text) {
        text(x, y, size, colour, text, false, "end");
    }

    void centred(int x, int y, int size, String colour, String text) {
        text(x, y, size, colour, text, false, "middle");
    }

    /** Writes a text with a white rim, so that it stays legible where lines cross it. */
    private void text(int x, int y, int size, String colour, String text, boolean bold, String anchor) {
        add(String.format(
                Locale.ROOT,
                "<text x=\"%d\" y=\"%d\" font-size=\"%d\" fill=\"%s\" text-anchor=\"%s\" font-weight=\"%s\" stroke=\"white\""
                        + " stroke-width=\"3\" paint-order=\"stroke\">%s</text>",
                x,
                y,
                size,
                colour,
                anchor,
                bold ? "bold" : "normal",
                text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")));
    }

    /** Returns the document, as wide as its content. */
    String document(int height) {
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + (right + MARGIN) + "\" height=\"" + height
                + "\" font-family=\"DejaVu Sans, Verdana, sans-serif\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
                + shapes + "</svg>\n";
    }
}
