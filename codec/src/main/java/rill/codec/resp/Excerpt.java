package rill.codec.resp;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Shows a reply in a message: on one line, and in part if it is long. The rest is not made into text. */
final class Excerpt {
    /** The maximum number of characters shown; one that can't be shown takes six. */
    private static final int LONGEST = 100;

    private Excerpt() {}

    static String of(Reply reply) {
        return switch (Reply.plain(reply)) {
            case Reply.Array array -> aggregate("Array", array.elements());
            case Reply.Set set -> aggregate("Set", set.elements());
            case Reply.Push push -> aggregate("Push", push.elements());
            case Reply.Map map -> "Map[" + map.size() + " keys]";
            case Reply plain -> single(plain);
        };
    }

    private static String aggregate(String kind, List<Reply> elements) {
        return kind + "[" + elements.size() + (elements.size() == 1 ? " element" : " elements")
                + (elements.isEmpty() ? "" : ", the first " + first(elements.getFirst())) + "]";
    }

    private static String first(Reply element) {
        return switch (Reply.plain(element)) {
            case Reply.Array array -> "Array[" + array.elements().size() + "]";
            case Reply.Set set -> "Set[" + set.elements().size() + "]";
            case Reply.Push push -> "Push[" + push.elements().size() + "]";
            case Reply.Map map -> "Map[" + map.size() + "]";
            case Reply plain -> single(plain);
        };
    }

    /** Shows a reply that has no elements. */
    private static String single(Reply reply) {
        return switch (reply) {
            case Reply.Simple simple ->
                "Simple[" + line(simple.text(), simple.text().length()) + "]";
            case Reply.Failed failed ->
                "Failed[" + line(failed.message(), failed.message().length()) + "]";
            case Reply.Bulk bulk -> "Bulk[" + line(bulk) + "]";
            case Reply.Verbatim verbatim -> "Verbatim[" + line(verbatim.bulk()) + "]";
            case Reply.BigNumber big -> "BigNumber[" + big.number().bitLength() + " bits]";
            default -> reply.toString();
        };
    }

    private static String line(Reply.Bulk bulk) {
        int shown = Math.min(bulk.length(), LONGEST);
        return line(new String(bulk.bytes(), 0, shown, StandardCharsets.UTF_8), bulk.length());
    }

    /**
     * @param length of the whole, of which {@code text} is at least the beginning
     */
    private static String line(String text, int length) {
        int shown = Math.min(text.length(), LONGEST);
        var line = new StringBuilder();
        for (int i = 0; i < shown; i++) {
            char c = text.charAt(i);
            if ((c >= ' ' && c <= '~') || Character.isLetterOrDigit(c)) {
                line.append(c);
            } else {
                line.append(String.format("\\u%04x", (int) c));
            }
        }
        return length <= LONGEST ? line.toString() : line + "… (of " + length + ")";
    }
}
