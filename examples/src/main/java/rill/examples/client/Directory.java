package rill.examples.client;

import io.netty.buffer.ByteBuf;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Client;
import rill.ClientProtocol;
import rill.ClientProtocol.WhenFull;
import rill.Context;
import rill.Future;
import rill.Loop;
import rill.Pipeline;
import rill.ProtocolException;
import rill.codec.LengthField;

/** A client of a directory of where people sit. Requests are numbered and answers arrive in any order; number 0 is an unsolicited notice. */
final class Directory implements AutoCloseable {
    private static final int NOTICE = 0;

    /** The frame in both directions: a number (4 bytes) and a text in UTF-8. */
    record Message(int number, String text) {
        private static Message decode(ByteBuf frame, Context context) throws ProtocolException {
            if (frame.readableBytes() < Integer.BYTES) {
                throw new ProtocolException("expected a number of 4 bytes");
            }
            return new Message(frame.readInt(), frame.readString(frame.readableBytes(), StandardCharsets.UTF_8));
        }

        private static void encode(Message message, ByteBuf out) {
            out.writeInt(message.number);
            out.writeCharSequence(message.text, StandardCharsets.UTF_8);
        }
    }

    static final Pipeline<Message, Message> PIPELINE =
            Pipeline.of(LengthField.ofBytes(2).with(Message::decode, Message::encode));

    private static ClientProtocol<Message, Message> protocol(Consumer<String> notices) {
        return ClientProtocol.byKey(PIPELINE, Message::number, Message::number)
                .deadline(Duration.ofSeconds(5))
                .inFlight(256, WhenFull.WAIT)
                .unsolicited(message -> message.number == NOTICE, notice -> notices.accept(notice.text))
                .naming(request -> "lookup of " + request.text);
    }

    private final Client<Message, Message> client;
    private final AtomicInteger last = new AtomicInteger();

    private Directory(Client<Message, Message> client) {
        this.client = client;
    }

    /** Connects; {@code notices} receives unsolicited notices of the directory, on the loop. */
    static Future<Directory> connect(Loop loop, SocketAddress address, Consumer<String> notices) {
        return loop.connect(address, protocol(notices)).map(Directory::new);
    }

    /** Returns where a person sits. Any thread. */
    Future<String> lookup(String name) {
        return client.call(new Message(nextNumber(), name)).map(Message::text);
    }

    /** Announces that a person has moved, which is not answered. Done once it was written. */
    Future<@Nullable Void> moved(String name, String place) {
        return client.send(new Message(NOTICE, name + "=" + place));
    }

    /** Returns a number other than 0 that no call in flight has: there are fewer calls than numbers. */
    private int nextNumber() {
        return last.updateAndGet(number -> number == Integer.MAX_VALUE ? 1 : number + 1);
    }

    @Override
    public void close() {
        client.close();
    }
}
