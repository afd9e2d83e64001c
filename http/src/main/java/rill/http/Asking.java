package rill.http;

import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.Promise;

/** Somebody asks for the next piece of a body. What he gives up before he has seen it goes back to where it came from. */
final class Asking implements Consumer<@Nullable ByteBuf>, Runnable {
    /** Where the pieces come from. On its loop. */
    interface Giver {
        /** Nobody has taken it: it is for whoever asks next, before all that came after it. */
        void takeBack(Piece piece);

        /** He gave up before there was anything. */
        void givenUp(Asking asking);
    }

    final Promise<@Nullable ByteBuf> promise;
    private final Giver giver;
    private long number;

    Asking(Loop loop, Giver giver) {
        this.giver = giver;
        this.promise = loop.promise(this, this);
    }

    void give(Piece piece) {
        number = piece.number();
        if (!promise.complete(piece.bytes())) {
            accept(piece.bytes());
        }
    }

    /** Whether he still waits. */
    boolean isOpen() {
        return !promise.isDone();
    }

    @Override
    public void accept(@Nullable ByteBuf bytes) {
        if (bytes != null) {
            giver.takeBack(new Piece(number, bytes));
        }
    }

    @Override
    public void run() {
        giver.givenUp(this);
    }
}
