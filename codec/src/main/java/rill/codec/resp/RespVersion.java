package rill.codec.resp;

import java.util.ArrayList;
import java.util.List;

/** A version of the protocol, and how it expresses replies. */
public enum RespVersion {
    /** The version that every server speaks, and in which every connection begins. */
    RESP2(2) {
        @Override
        Reply scalar(Reply reply) {
            return switch (reply) {
                case Reply.Null nothing -> nothing == Reply.Null.RESP3 ? Reply.NULL : nothing;
                case Reply.Failed failed
                when failed.blob() ->
                    new Reply.Failed(failed.message().replace('\r', ' ').replace('\n', ' '));
                case Reply.Real real -> Reply.bulk(Numbers.text(real.number()));
                case Reply.Bool bool -> Reply.of(bool.truth() ? 1 : 0);
                case Reply.BigNumber big -> Reply.bulk(big.number().toString());
                case Reply.Verbatim verbatim -> verbatim.bulk();
                default -> reply;
            };
        }

        @Override
        Reply aggregate(Reply reply, List<Reply> before, List<Reply> elements) {
            return reply instanceof Reply.Array && before == elements ? reply : new Reply.Array(elements);
        }
    },

    /** The version with more types and with pushes. */
    RESP3(3) {
        @Override
        Reply scalar(Reply reply) {
            return reply instanceof Reply.Null ? Reply.Null.RESP3 : reply;
        }

        @Override
        Reply aggregate(Reply reply, List<Reply> before, List<Reply> elements) {
            return before == elements
                    ? reply
                    : switch (reply) {
                        case Reply.Map _ -> new Reply.Map(elements);
                        case Reply.Set _ -> new Reply.Set(elements);
                        case Reply.Push _ -> new Reply.Push(elements);
                        default -> new Reply.Array(elements);
                    };
        }
    };

    /** The most that {@link RespOptions#depth} allows. */
    private static final int DEEPEST = 1000;

    private final int number;

    RespVersion(int number) {
        this.number = number;
    }

    /** The number in {@code HELLO}. */
    public int number() {
        return number;
    }

    /**
     * Converts a reply to what this version has. RESP 2 has arrays for maps, sets and pushes, bulk strings for floating-point and large numbers and
     * for verbatim strings, 1 and 0 for true and false, one line for every error, and no attributes. RESP3 has one null.
     *
     * @throws IllegalArgumentException if it is nested more than 1,000 deep
     */
    public Reply say(Reply reply) {
        return say(reply, DEEPEST);
    }

    private Reply say(Reply reply, int depthLeft) {
        if (depthLeft < 0) {
            throw new IllegalArgumentException("a reply is nested more than " + DEEPEST + " deep");
        }
        return switch (reply) {
            case Reply.Array array -> say(reply, array.elements(), depthLeft);
            case Reply.Map map -> say(reply, map.elements(), depthLeft);
            case Reply.Set set -> say(reply, set.elements(), depthLeft);
            case Reply.Push push -> say(reply, push.elements(), depthLeft);
            case Reply.Attributed attributed -> attributed(attributed, depthLeft);
            default -> scalar(reply);
        };
    }

    private Reply say(Reply aggregate, List<Reply> elements, int depthLeft) {
        List<Reply> said = elements;
        for (int i = 0; i < elements.size(); i++) {
            Reply before = elements.get(i);
            Reply after = say(before, depthLeft - 1);
            if (after != before && said == elements) {
                said = new ArrayList<>(elements);
            }
            if (said != elements) {
                said.set(i, after);
            }
        }
        return aggregate(aggregate, elements, said);
    }

    private Reply attributed(Reply.Attributed attributed, int depthLeft) {
        if (this == RESP2) {
            return say(Reply.plain(attributed), depthLeft);
        }
        Reply.Map attributes = (Reply.Map) say(attributed.attributes(), depthLeft);
        return new Reply.Attributed(attributes, say(attributed.reply(), depthLeft - 1));
    }

    abstract Reply scalar(Reply reply);

    /** An aggregate with these elements; if nothing has changed, {@code before} and {@code elements} are the same list. */
    abstract Reply aggregate(Reply reply, List<Reply> before, List<Reply> elements);
}
