package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import rill.Codec;
import rill.Context;
import rill.Outgoing;
import rill.Session;

/** The client's side for batches: a message is one or more commands, and its answer has as many replies. A push is a message by itself. */
final class RespBatchCodec implements Codec<List<Reply>, List<Command>> {
    private final RespClientCodec codec;

    RespBatchCodec(RespClientCodec codec) {
        this.codec = codec;
    }

    @Override
    public int sizeEstimate(List<Command> batch) {
        long total = 0;
        for (Command each : batch) {
            total += codec.sizeEstimate(each);
        }
        return (int) Math.min(total, Integer.MAX_VALUE);
    }

    @Override
    public Session<List<Reply>, List<Command>> open(Context context) {
        return new RespBatchSession(codec.open(context), codec.keeping());
    }

    /** The batch's name in failures: its commands, without arguments. */
    static String name(List<Command> batch) {
        var name = new StringBuilder();
        for (int i = 0; i < Math.min(batch.size(), 4); i++) {
            name.append(i == 0 ? "" : " ").append(batch.get(i).name());
        }
        return batch.size() > 4
                ? name.append(" and ").append(batch.size() - 4).append(" more").toString()
                : name.toString();
    }

    /** Whether this was sent unasked. */
    static boolean isPush(List<Reply> answer) {
        return answer.size() == 1 && Reply.isPush(answer.getFirst());
    }

    private static final class RespBatchSession implements Session<List<Reply>, List<Command>> {
        private final RespClientCodec.RespClientSession session;
        private final Unfinished.Kept kept; // for an answer that is not complete
        private final ArrayDeque<Integer> expected = new ArrayDeque<>(); // number of replies, for each written batch
        private List<Reply> replies = new ArrayList<>(1); // so far, to the first batch
        private long cost; // of these replies

        RespBatchSession(RespClientCodec.RespClientSession session, Unfinished.Kept kept) {
            this.session = session;
            this.kept = kept;
        }

        @Override
        public @Nullable List<Reply> opened(Context context) throws IOException {
            session.opened(context);
            return null;
        }

        @Override
        public @Nullable List<Reply> decode(ByteBuf in, Context context) throws IOException {
            Reply reply = session.decode(in, context);
            if (reply == null) {
                return null;
            }
            Integer size = expected.peek();
            if (size == null || Reply.isPush(reply)) {
                return List.of(reply);
            }
            replies.add(reply);
            if (replies.size() < size) {
                cost += session.cost();
                kept.hold(cost);
                return null;
            }
            cost = 0;
            kept.giveBack();
            expected.remove();
            List<Reply> answer = List.copyOf(replies);
            replies = new ArrayList<>(1);
            return answer;
        }

        @Override
        public void encode(List<Command> batch, Outgoing out) throws IOException {
            if (batch.isEmpty()) {
                throw new IllegalArgumentException("a batch has at least one command");
            }
            for (Command each : batch) {
                session.encode(each, out);
            }
            expected.add(batch.size());
        }

        @Override
        public @Nullable List<Reply> inputEnded(ByteBuf rest, Context context) throws IOException {
            session.inputEnded(rest, context);
            return null;
        }

        @Override
        public @Nullable Object info() {
            return session.info();
        }

        @Override
        public void closed() {
            session.closed();
            kept.giveBack();
        }
    }
}
