package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import rill.ProtocolException;
import rill.Session;
import rill.examples.HttpOracle.Case;
import rill.examples.HttpOracle.Verdict;
import rill.http.wire.Data;
import rill.http.wire.End;
import rill.http.wire.Head;
import rill.http.wire.HttpFields;
import rill.http.wire.HttpLimits;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestHead;
import rill.http.wire.ResponseHead;
import rill.testkit.BareContext;

/**
 * The parsers of h11 and of Node read the same requests and responses. Wherever one of them differs from ours, the table in {@code docs/http.md} says
 * why; a difference that is not in the table fails.
 */
@Tag("slow")
class HttpDifferencesTest {
    private static final int CASES = Integer.getInteger("rill.http.cases", 5_000);
    private static final long SEED = Long.getLong("rill.http.seed", 20_261_128);
    private static final Pattern ROW =
            Pattern.compile("^\\| (\\w+) \\| (\\w+) \\| `(.*?)` \\| .{20,} \\|$", Pattern.MULTILINE);

    /** The kind of a difference, as the table names it. */
    private enum Kind {
        STRICTER,
        LENIENT,
        DIFFERENT
    }

    private record Row(String parser, Kind kind, String words) {}

    @Test
    void h11_reads_what_we_read_but_for_what_the_guide_explains() throws IOException {
        compare(HttpOracle.h11());
    }

    @Test
    void node_reads_what_we_read_but_for_what_the_guide_explains() throws IOException {
        compare(HttpOracle.node());
    }

    private static void compare(HttpOracle oracle) throws IOException {
        List<Case> cases = new HttpCases(SEED).draw(CASES);
        List<Verdict> verdicts = oracle.judge(cases);
        List<Row> rows = rows();
        var unexplained = new TreeMap<String, String>();
        for (int i = 0; i < cases.size(); i++) {
            Case each = cases.get(i);
            Row difference = difference(oracle.name(), ours(each), verdicts.get(i));
            if (difference != null && rows.stream().noneMatch(row -> explains(row, difference))) {
                unexplained.putIfAbsent(
                        difference.kind + " " + difference.words,
                        each + "\n    we: " + ours(each) + "\n    they: " + verdicts.get(i));
            }
        }
        assertThat(unexplained.entrySet().stream().map(Map.Entry::toString).toList())
                .as("seed %s", SEED)
                .isEmpty();
    }

    private static boolean explains(Row row, Row difference) {
        return row.parser.equals(difference.parser)
                && row.kind == difference.kind
                && difference.words.contains(row.words);
    }

    private static Row difference(String parser, Verdict ours, Verdict theirs) {
        if (ours.waits() || theirs.waits()) {
            return null; // a parser that is undecided may still agree
        }
        if (readNoFurther(ours, theirs)) {
            return new Row(
                    parser,
                    Kind.DIFFERENT,
                    "they read nothing after " + theirs.messages().getLast());
        }
        if (readNoFurther(theirs, ours) && ours.ended()) {
            return new Row(
                    parser,
                    Kind.DIFFERENT,
                    "we read nothing after " + ours.messages().getLast());
        }
        if (ours.refuses() && !theirs.refuses()) {
            return new Row(parser, Kind.STRICTER, ours.error());
        }
        if (!ours.refuses() && theirs.refuses()) {
            return new Row(parser, Kind.LENIENT, theirs.error());
        }
        boolean same = ours.refuses() || ours.messages().equals(theirs.messages());
        return same ? null : new Row(parser, Kind.DIFFERENT, ours.messages() + " and " + theirs.messages());
    }

    /** Whether {@code other} has read the same up to some message and then nothing more, while {@code one} continued. */
    private static boolean readNoFurther(Verdict one, Verdict other) {
        int read = other.messages().size();
        return !other.refuses()
                && read > 0
                && (one.refuses() || one.messages().size() > read)
                && one.messages().size() >= read
                && one.messages().subList(0, read).equals(other.messages());
    }

    private static List<Row> rows() throws IOException {
        Matcher matcher = ROW.matcher(Files.readString(Path.of("../docs/http.md")));
        return matcher.results()
                .map(row -> new Row(
                        row.group(1), Kind.valueOf(row.group(2).toUpperCase(java.util.Locale.ROOT)), row.group(3)))
                .toList();
    }

    // ---- ours

    private static final class Context extends BareContext {
        private boolean stopped;
        private boolean ended; // by a message that closes the connection

        @Override
        public void stop() {
            stopped = true;
        }
    }

    private static Verdict ours(Case each) {
        var context = new Context();
        Session<?, ?> session;
        if (each.request()) {
            session = HttpWire.serverCodec(HttpLimits.defaults()).open(context);
        } else {
            var client = HttpWire.clientCodec(HttpLimits.defaults()).open(context);
            ask(client);
            session = client;
        }
        var messages = new ArrayList<String>();
        context.ended = false;
        try {
            boolean whole = read(session, Unpooled.wrappedBuffer(each.bytes()), context, each.request(), messages);
            return new Verdict("", !whole, context.ended, messages);
        } catch (ProtocolException e) {
            return new Verdict(e.violation(), false, context.ended, messages);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void ask(Session<?, ? super RequestHead> client) {
        ByteBuf buffer = Unpooled.buffer();
        try {
            client.encode(RequestHead.of("GET", "/", HttpFields.of("host", "a")), new rill.Outgoing() {
                @Override
                public ByteBuf buffer(int atLeast) {
                    return buffer;
                }

                @Override
                public void pass(ByteBuf payload) {
                    payload.release();
                }
            });
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns whether nothing is left that would need more bytes. */
    private static boolean read(
            Session<?, ?> session, ByteBuf in, Context context, boolean request, List<String> messages)
            throws IOException {
        var message = new StringBuilder();
        boolean more = true;
        while (more && in.isReadable() && !context.stopped) {
            int before = in.readerIndex();
            Object event = session.decode(in, context);
            more = event != null || in.readerIndex() > before;
            if (event instanceof Head head) {
                context.ended = !head.keepAlive();
            }
            if (event != null && take(event, message, messages) && !request) {
                return true; // the response
            }
        }
        if (!request) {
            Object event = session.inputEnded(in, context);
            if (event != null) {
                take(event, message, messages);
            }
        }
        return context.stopped || (!in.isReadable() && message.isEmpty());
    }

    /** Returns whether the event completes a message that is not an interim response. */
    private static boolean take(Object event, StringBuilder message, List<String> messages) {
        switch (event) {
            case RequestHead head ->
                message.append(head.method() + " " + head.target() + " " + head.minorVersion() + " ");
            case ResponseHead head -> message.append(head.status() + " " + head.minorVersion() + " ");
            case Data data -> message.append(ByteBufUtil.hexDump(data.bytes()));
            default -> {}
        }
        boolean ends = event instanceof End
                || (event instanceof Data data && data.isLast())
                || (event instanceof Head head && !head.hasBody());
        if (ends) {
            messages.add(message.toString());
            message.setLength(0);
        }
        return ends && !(event instanceof ResponseHead head && head.isInterim());
    }
}
