package rill.codec.proxy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.DeadlineException;
import rill.ProtocolException;

/**
 * Reads the PROXY header that begins each connection to a server.
 *
 * <pre>
 *  opened ── by a stranger ──▶ refused; or, if strangers are served, SCREENING
 *    │ by a trusted peer
 *    ▼
 *  EXPECTING ── header ──▶ passing on          SCREENING ── no header ──▶ passing on
 *    │  │                    ▲                    ▲  └───── header ──▶ refused
 *    │  └── no header ───────┤ if it may be       │
 *    └── time is up ─────────┼────────────────────┘ without; otherwise refused
 * </pre>
 *
 * <p>EXPECTING holds input until it is clear whether it is a header, and holds writes as well. SCREENING holds nothing, since such a peer speaks for
 * itself; it ends the connection as soon as a header's signature is complete.
 */
final class ProxyServerSession extends Passage {
    private enum State {
        EXPECTING,
        SCREENING
    }

    private final ProxyProtocolServer spec;
    private final SocketAddress peer;
    private State state = State.EXPECTING;
    private boolean begun; // bytes have arrived that may be a header
    private boolean inText; // decided by the first byte: the signature is that of version 1, not 2
    private int screened; // bytes of a signature that were already passed on
    private @Nullable ProxyInfo info;

    ProxyServerSession(ProxyProtocolServer spec, SocketAddress peer) {
        this.spec = spec;
        this.peer = peer;
    }

    @Override
    public @Nullable ByteBuf opened(Context context) throws IOException {
        if (spec.trusted.test(peer)) {
            context.holdWrites();
            context.startTimer(spec.patience);
        } else if (spec.servesStrangers()) {
            state = State.SCREENING;
        } else {
            throw new ProtocolException(
                    "expected a connection from a trusted proxy, which " + Wording.address(peer) + " is not");
        }
        return null;
    }

    @Override
    public @Nullable Object info() {
        return info;
    }

    @Override
    boolean settle(ByteBuf in, Context context) throws IOException {
        if (state == State.SCREENING) {
            screen(in);
            return true;
        }
        return expect(in, context);
    }

    private byte[] signature(byte first) {
        inText = first == HeaderV1.SIGNATURE[0];
        return inText ? HeaderV1.SIGNATURE : HeaderV2.SIGNATURE;
    }

    // ---- EXPECTING

    /** Returns true if this is not a header and need not be one. */
    private boolean expect(ByteBuf in, Context context) throws IOException {
        int start = in.readerIndex();
        int size = in.readableBytes();
        byte[] signature = signature(in.getByte(start));
        int same = 0;
        while (same < Math.min(size, signature.length) && in.getByte(start + same) == signature[same]) {
            same++;
        }
        if (same == signature.length) {
            begun = true;
            info = inText ? line(in) : binary(in, context);
            if (info != null) {
                goOn(context);
            }
            return false;
        }
        if (same == size) {
            begun = true;
            return false;
        }
        if (spec.needsHeader()) {
            throw new ProtocolException(
                    same,
                    "expected a PROXY header from " + Wording.address(peer) + ", found "
                            + Wording.show(in.getByte(start + same))
                            + (same == 0 ? "" : " after " + same + " bytes of one"));
        }
        goOn(context);
        return true;
    }

    private void goOn(Context context) {
        context.stopTimer();
        context.releaseWrites();
        passOn();
    }

    @Override
    public @Nullable ByteBuf timerExpired(Context context) throws IOException {
        if (begun || spec.needsHeader()) {
            throw new DeadlineException("no PROXY header has come from " + Wording.address(peer) + " within "
                    + Wording.duration(spec.patience));
        }
        state = State.SCREENING;
        context.releaseWrites();
        return null;
    }

    @Override
    @Nullable
    ByteBuf endedEarly(ByteBuf rest, Context context) throws IOException {
        int size = rest.readableBytes();
        boolean withinHeader = size > 0 && size >= signature(rest.getByte(rest.readerIndex())).length;
        if (state == State.EXPECTING && (spec.needsHeader() || withinHeader)) {
            throw new ProtocolException(
                    size,
                    "the stream from " + Wording.address(peer) + " ended "
                            + (size == 0
                                    ? "before its PROXY header"
                                    : "within its PROXY header, after " + size + " bytes of it"));
        }
        goOn(context);
        context.end();
        return size == 0 ? null : rest;
    }

    // ---- SCREENING

    /** Checks bytes that are passed on, until they can no longer be the beginning of a header. */
    private void screen(ByteBuf in) throws IOException {
        int start = in.readerIndex();
        for (int i = start; i < in.writerIndex(); i++) {
            byte b = in.getByte(i);
            byte[] signature = screened == 0 ? signature(b) : inText ? HeaderV1.SIGNATURE : HeaderV2.SIGNATURE;
            if (b != signature[screened]) {
                passOn();
                return;
            }
            screened++;
            if (screened == signature.length) {
                throw new ProtocolException(
                        i - start,
                        spec.trusted.test(peer)
                                ? "a PROXY header from " + Wording.address(peer) + " has come after more than "
                                        + Wording.duration(spec.patience)
                                : "a PROXY header from " + Wording.address(peer) + ", which is no trusted proxy");
            }
        }
    }

    // ---- the two forms

    /** Returns null if the header is not complete. */
    private static @Nullable ProxyInfo line(ByteBuf in) throws IOException {
        int start = in.readerIndex();
        int end = Math.min(in.writerIndex(), start + HeaderV1.LONGEST);
        for (int i = start; i < end; i++) {
            byte b = in.getByte(i);
            boolean afterCr = i > start && in.getByte(i - 1) == '\r';
            if (afterCr != (b == '\n')) {
                throw new ProtocolException(
                        i - start,
                        afterCr
                                ? "expected LF after CR in a PROXY header, found " + Wording.show(b)
                                : "expected CR before LF in a PROXY header");
            }
            if (afterCr) {
                ProxyInfo info = HeaderV1.parse(in.toString(start, i - 1 - start, StandardCharsets.ISO_8859_1));
                in.readerIndex(i + 1);
                return info;
            }
        }
        if (end - start == HeaderV1.LONGEST) {
            throw new ProtocolException(
                    HeaderV1.LONGEST, "expected a PROXY header of at most " + HeaderV1.LONGEST + " bytes");
        }
        return null;
    }

    /** Returns null if the header is not complete. */
    private @Nullable ProxyInfo binary(ByteBuf in, Context context) throws IOException {
        var known = new byte[Math.min(in.readableBytes(), HeaderV2.FIXED)];
        in.getBytes(in.readerIndex(), known);
        int size = HeaderV2.size(known, spec.limit);
        if (size == 0) {
            return null;
        }
        if (in.readableBytes() < size) {
            context.needMore(size - in.readableBytes());
            return null;
        }
        var header = new byte[size];
        in.getBytes(in.readerIndex(), header);
        ProxyInfo read = HeaderV2.parse(header);
        in.skipBytes(size);
        return read;
    }
}
