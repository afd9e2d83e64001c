package rill.examples;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import rill.Client;
import rill.ClientProtocol;
import rill.Codec;
import rill.Context;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.Pipeline;
import rill.ProtocolException;

/** A custom protocol: thermometers report, and a server answers each report with the highest temperature so far. */
final class CustomCodec {
    private CustomCodec() {}

    // README: codec begin
    /** On the wire: the length of the name (1 byte), the name in ISO 8859-1, the temperature in 1/100 °C (4 bytes). */
    record Reading(String sensor, int centidegrees) {
        static final Codec<Reading, Reading> CODEC = Codec.of(Reading::decode, Reading::encode);

        Reading {
            if (sensor.isEmpty() || sensor.length() > 255 || sensor.chars().anyMatch(c -> c > 0xFF)) {
                throw new IllegalArgumentException("a sensor has 1 to 255 letters of ISO 8859-1 for a name: " + sensor);
            }
        }

        /** Returns null while a reading is incomplete; called again from the same position once more bytes have arrived. */
        private static @Nullable Reading decode(ByteBuf in, Context context) throws ProtocolException {
            if (!in.isReadable()) {
                return null;
            }
            int length = in.readUnsignedByte();
            if (length == 0) {
                throw new ProtocolException("expected the name of a sensor, found an empty one");
            }
            if (in.readableBytes() < length + Integer.BYTES) {
                return null;
            }
            return new Reading(in.readString(length, StandardCharsets.ISO_8859_1), in.readInt());
        }

        private static void encode(Reading reading, ByteBuf out) {
            out.writeByte(reading.sensor.length());
            out.writeCharSequence(reading.sensor, StandardCharsets.ISO_8859_1);
            out.writeInt(reading.centidegrees);
        }
    }
    // README: codec end

    /** Answers each reading with the highest so far. */
    private static final class Station {
        private Reading highest = new Reading("none", Integer.MIN_VALUE);

        Future<Reading> answer(Reading reading) {
            if (reading.centidegrees > highest.centidegrees) {
                highest = reading;
            }
            return Future.of(highest);
        }
    }

    static void run(PrintWriter out) throws IOException {
        try (var loop = Loop.open()) {
            Pipeline<Reading, Reading> pipeline = Pipeline.of(Reading.CODEC);
            Listener server = loop.serve(Loopback.ANY_PORT, pipeline, new Station()::answer)
                    .await();
            Reading highest = loop.run(() -> {
                Client<Reading, Reading> client = loop.connect(server.address(), ClientProtocol.inOrder(pipeline))
                        .await();
                client.call(new Reading("cellar", 1150));
                client.call(new Reading("attic", 3125));
                return client.call(new Reading("garden", -475)).await();
            });
            Expect.equal("the highest", new Reading("attic", 3125), highest);
            out.printf(
                    "the highest of three readings: %.2f °C in the %s%n", highest.centidegrees / 100.0, highest.sensor);
        }
    }
}
