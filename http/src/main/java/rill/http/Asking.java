package rill.http;

import io.netty.buffer.ByteBuf;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import rill.Loop;
import rill.Promise;

/** A pending request for the next piece of a body. A piece given up before anyone saw it goes back to its source. */
final class Asking implements Consumer<@Nullable ByteBuf>, Runnable {
    /** The source of the pieces. Called on its loop. */
    interface Giver {
        /** Takes back a piece that nobody took: it is delivered to the next request, before all later pieces. */
        void takeBack(Piece piece);

        /** The request was given up before a piece was available. */
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

    /** Whether it is still pending. */
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
