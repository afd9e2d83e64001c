package rill.http.storm;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.ProtocolException;

/** A user of the server, on the clients' loop. */
abstract class Actor {
    final HttpStorm storm;
    final Loop loop;
    final Random random;
    int answered; // read when the storm is over
    volatile boolean over;
    private volatile @Nullable Throwable wrong;

    Actor(HttpStorm storm, Loop loop, long seed) {
        this.storm = storm;
        this.loop = loop;
        this.random = new Random(seed);
    }

    abstract void begin();

    /** The violation that it has found, if any. */
    final @Nullable Throwable wrong() {
        return wrong;
    }

    final void found(Throwable what) {
        if (wrong == null) {
            wrong = what;
        }
        over = true;
    }

    final void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    /** Accepts what a network and a peer that goes away may cause. Anything else, such as a violation of the protocol, is recorded. */
    final void failed(Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof ProtocolException || !(each instanceof IOException)) {
                found(cause);
                return;
            }
        }
    }

    /** Runs this within up to {@code most} milliseconds. What it throws is recorded as a violation. */
    final void later(int most, Runnable what) {
        loop.schedule(Duration.ofMillis(random.nextInt(1 + most)), "an actor", () -> guarded(what));
    }

    final void guarded(Runnable what) {
        try {
            what.run();
        } catch (RuntimeException | Error e) {
            found(e);
        }
    }

    final String text(int number) {
        return ("x" + number).repeat(random.nextInt(random.nextInt(4) == 0 ? 20_000 : 20));
    }

    static ByteBuf bytes(String text) {
        return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
    }
}
