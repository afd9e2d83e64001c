package rill.codec.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import rill.Context;
import rill.DeadlineException;
import rill.Outgoing;
import rill.OutputEndedException;
import rill.Session;

/**
 * One connection's TLS, over an engine.
 *
 * <pre>
 *  GREETING ──▶ PREPARING ──▶ SHAKING_HANDS ──▶ OPEN ──▶ ENDED (the peer's good-bye; in TLS 1.3 ours may come much later)
 *  (a server,   (the engine,       └───────────────┴──▶ failed: the peer gets an alert, and decoding is over
 *   until the    perhaps not
 *   client's     on the loop)
 *   name is
 *   known)
 * </pre>
 *
 * <p>Writes from above are held until it is open. Each call decrypts at most one record.
 */
final class TlsSession implements Session<ByteBuf, ByteBuf> {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** In records without a byte for the layer above: what one of them weighs that is short, and how many bytes are short. */
    private static final int EMPTY = 1024;

    private static final int SHORT = 64;

    /**
     * The weight of each further byte from a client. A record of 16 KiB has room for thousands of updates of keys, all of which the engine carries out,
     * and answers, in one call; each takes some 50 µs. Only servers send tickets, which may have a few KiB.
     */
    private static final int BYTE_OF_A_CLIENT = 64;

    /**
     * The limit of all that weight, less the bytes of content in either direction. Tickets for later sessions are only a handful, and updates of keys
     * are rare.
     */
    private static final int MOST_EMPTY = 32 * EMPTY;

    /** The limits of a handshake, including certificates. Small records are expensive: for each, the engine copies all that came before. */
    private static final int MOST_HANDSHAKE_BYTES = 256 * 1024;

    private static final int MOST_HANDSHAKE_RECORDS = 1024;

    private enum State {
        GREETING,
        PREPARING,
        SHAKING_HANDS,
        OPEN,
        ENDED
    }

    /** An engine that was made, perhaps on another thread, or the reason why not. */
    private record Prepared(
            @Nullable SSLEngine engine, @Nullable Throwable failure) {}

    private final Engines engines;
    private final boolean client;
    private final String peer;
    private final Duration handshakeTimeout;
    private final Scratch scratch;
    private State state;
    private @Nullable ClientHello hello; // while its name is needed
    private @Nullable Prepared prepared; // perhaps by another thread, which has finished by the time this is read
    private @Nullable SSLEngine engine;
    private @Nullable Error taskFailure;
    private HandshakeStatus status = HandshakeStatus.NOT_HANDSHAKING;
    private boolean greeted; // the peer has sent bytes that may be TLS
    private int empty; // see MOST_EMPTY
    private int handshakeBytes;
    private int handshakeRecords;
    private boolean tasksRun; // on another thread: until they finish, any call to the engine would wait for them

    TlsSession(Context context, Engines engines, Duration handshakeTimeout, boolean client, String peer) {
        this.engines = engines;
        this.client = client;
        this.peer = peer;
        this.handshakeTimeout = handshakeTimeout;
        this.scratch = Scratch.of(context);
        this.state = engines.needName() ? State.GREETING : State.PREPARING;
    }

    private Failures failures() {
        return new Failures(client, peer);
    }

    // ---- beginning

    @Override
    public @Nullable ByteBuf opened(Context context) throws IOException {
        context.holdWrites();
        context.startTimer(handshakeTimeout);
        if (state == State.PREPARING && !prepare(null, context)) {
            return null;
        }
        return decode(Unpooled.EMPTY_BUFFER, context);
    }

    /** Returns false if it continues on another thread; then decode is called when it is done. */
    private boolean prepare(@Nullable String name, Context context) {
        state = State.PREPARING;
        if (engines.isQuick()) {
            prepared = made(name);
            return true;
        }
        context.runBlocking(() -> prepared = made(name));
        return false;
    }

    private Prepared made(@Nullable String name) {
        try {
            return new Prepared(engines.make(name), null);
        } catch (Throwable t) {
            return new Prepared(null, t);
        }
    }

    @Override
    public @Nullable ByteBuf decode(ByteBuf in, Context context) throws IOException {
        if (!greeted && in.isReadable()) {
            requireTls(in);
        }
        if (state == State.GREETING && !greet(in, context)) {
            return null;
        }
        if (state == State.PREPARING && prepared != null) {
            begin(prepared, context);
        }
        return engine == null ? null : advance(engine, in, context);
    }

    private void requireTls(ByteBuf in) throws TlsException {
        String otherwise = TlsRecord.notTls(in);
        if (otherwise != null) {
            engine = null; // no alert and no good-bye: such a peer would not understand them
            throw failures().of(otherwise, null);
        }
        greeted = in.readableBytes() >= 2;
    }

    /** Returns false while the name is not known, or the engine for it is being made on another thread. */
    private boolean greet(ByteBuf in, Context context) throws TlsException {
        if (hello == null) {
            hello = new ClientHello();
        }
        try {
            if (!hello.isComplete(in)) {
                return false;
            }
            String name = hello.serverName();
            hello = null;
            return prepare(name, context);
        } catch (ClientHello.Refused e) {
            refuse(e.alert, context);
            throw failures().of(String.valueOf(e.getMessage()), e.alertName);
        }
    }

    private static void refuse(int alert, Context context) {
        byte[] record = TlsRecord.fatalAlert(alert);
        context.out().buffer(record.length).writeBytes(record);
    }

    private void begin(Prepared outcome, Context context) throws IOException {
        prepared = null;
        if (outcome.failure() != null) {
            if (!client) {
                refuse(80, context); // internal_error
            }
            throw failures().of(outcome.failure());
        }
        SSLEngine fresh = outcome.engine();
        if (fresh == null) {
            refuse(112, context);
            throw failures().of("it asks for a name that there is no certificate for", "unrecognized_name");
        }
        engine = fresh;
        state = State.SHAKING_HANDS;
        try {
            fresh.beginHandshake();
        } catch (SSLException e) {
            throw failures().of(e);
        }
        status = fresh.getHandshakeStatus();
    }

    // ---- records in

    private @Nullable ByteBuf advance(SSLEngine using, ByteBuf in, Context context) throws IOException {
        try {
            return advanceOrThrow(using, in, context);
        } catch (SSLException | RuntimeException e) { // of the engine, or of code that it has called
            sayWhatIsLeft(using, context.out());
            throw failures().of(e);
        }
    }

    private @Nullable ByteBuf advanceOrThrow(SSLEngine using, ByteBuf in, Context context) throws IOException {
        tasksRun = false;
        Error thrown = taskFailure;
        if (thrown != null) {
            throw failures().of(thrown);
        }
        while (state != State.ENDED) {
            if (status == HandshakeStatus.NOT_HANDSHAKING) {
                opens(using, context); // an engine does not always report that it has finished
            }
            switch (status) {
                case NEED_TASK -> {
                    tasksRun = true;
                    context.runBlocking(() -> runTasks(using));
                    return null;
                }
                case NEED_WRAP -> answer(using, context);
                default -> {
                    if (!isRecordThere(in, context)) {
                        return null;
                    }
                    ByteBuf plain = unwrap(using, in, context);
                    if (plain != null) {
                        return plain;
                    }
                }
            }
        }
        in.skipBytes(in.readableBytes()); // nothing after the peer's good-bye has a meaning
        return null;
    }

    private void runTasks(SSLEngine using) {
        try {
            for (Runnable task = using.getDelegatedTask(); task != null; task = using.getDelegatedTask()) {
                task.run();
            }
        } catch (Error e) { // the engine keeps exceptions itself
            taskFailure = e;
        }
        status = using.getHandshakeStatus();
    }

    private boolean isRecordThere(ByteBuf in, Context context) throws TlsException {
        int there = in.readableBytes();
        int needed = there < TlsRecord.HEADER ? TlsRecord.HEADER : TlsRecord.size(in);
        if (needed > TlsRecord.HEADER + TlsRecord.LONGEST) {
            throw failures()
                    .of("a record says that it has " + needed + " bytes, which is more than one can have", null);
        }
        if (there < needed) {
            context.needMore(needed - there);
            return false;
        }
        return true;
    }

    private @Nullable ByteBuf unwrap(SSLEngine using, ByteBuf in, Context context) throws IOException {
        int size = TlsRecord.size(in);
        refuseToNegotiateAnew(in);
        ByteBuffer target = scratch.target();
        SSLEngineResult result = using.unwrap(scratch.source(in, in.readerIndex(), size), target);
        if (result.getStatus() == Status.BUFFER_OVERFLOW) {
            target = scratch.largerTarget(using.getSession().getApplicationBufferSize());
            result = using.unwrap(scratch.source(in, in.readerIndex(), size), target);
        }
        in.skipBytes(result.bytesConsumed());
        boolean wasOpen = state == State.OPEN;
        note(using, result, context);
        if (result.getStatus() == Status.CLOSED) {
            end(using, context);
            return null;
        }
        if (result.bytesConsumed() == 0 && status != HandshakeStatus.NEED_TASK && status != HandshakeStatus.NEED_WRAP) {
            throw new SSLException("the engine makes no progress: " + result);
        }
        return result.bytesProduced() == 0 ? bound(result.bytesConsumed(), wasOpen) : deliver(using, target, context);
    }

    /** Bounds the records that carry no content. */
    private @Nullable ByteBuf bound(int bytes, boolean wasOpen) throws TlsException {
        if (wasOpen) {
            empty += EMPTY + Math.max(0, bytes - SHORT) * (client ? 1 : BYTE_OF_A_CLIENT);
            if (empty > MOST_EMPTY) {
                throw failures()
                        .of(
                                "the peer has sent too much without any content (updates of keys, tickets): as much as "
                                        + (empty + EMPTY - 1) / EMPTY + " short records",
                                null);
            }
        } else {
            handshakeBytes += bytes;
            handshakeRecords += bytes == 0 ? 0 : 1;
            if (handshakeBytes > MOST_HANDSHAKE_BYTES || handshakeRecords > MOST_HANDSHAKE_RECORDS) {
                throw failures()
                        .of(
                                "the peer's handshake has more than " + MOST_HANDSHAKE_BYTES + " bytes or "
                                        + MOST_HANDSHAKE_RECORDS + " records",
                                null);
            }
        }
        return null;
    }

    private ByteBuf deliver(SSLEngine using, ByteBuffer target, Context context) throws IOException {
        target.flip();
        content(target.remaining());
        ByteBuf plain = context.lend(target.remaining()).writeBytes(target);
        while (status == HandshakeStatus.NEED_WRAP) { // a key update requires an answer
            answer(using, context);
        }
        return plain;
    }

    private void content(int bytes) {
        empty = Math.max(0, empty - bytes);
    }

    /** TLS 1.3 has no renegotiation, and encrypts the types. */
    private void refuseToNegotiateAnew(ByteBuf in) throws TlsException {
        if (state == State.OPEN && TlsRecord.type(in) == TlsRecord.HANDSHAKE) {
            throw failures().of("the peer wants to negotiate anew, which is refused", null);
        }
    }

    private void note(SSLEngine using, SSLEngineResult result, Context context) throws TlsException {
        status = result.getHandshakeStatus();
        if (status == HandshakeStatus.FINISHED) {
            opens(using, context);
            status = using.getHandshakeStatus(); // there may be tickets to send
        }
    }

    private void opens(SSLEngine using, Context context) throws TlsException {
        if (state == State.SHAKING_HANDS) {
            requireHost(using);
            state = State.OPEN;
            context.stopTimer();
            context.releaseWrites();
        }
    }

    /**
     * Repeats the check of the {@link Verifier}: for a trust manager that does not support engines, the JDK makes the check, and it is less strict.
     */
    private void requireHost(SSLEngine using) throws TlsException {
        if (client && using.getSSLParameters().getEndpointIdentificationAlgorithm() != null) {
            List<X509Certificate> shown = certificates(using.getSession());
            String wrong = shown.isEmpty() ? null : Verifier.notFor(using.getPeerHost(), shown.getFirst());
            if (wrong != null) {
                throw failures().of(wrong, null);
            }
        }
    }

    /** The peer's good-bye. Before TLS 1.3 it has to be answered at once, and then nothing more can be sent. */
    private void end(SSLEngine using, Context context) throws IOException {
        if (state != State.OPEN) {
            throw failures().truncated("the peer has said good-bye in the middle of the handshake");
        }
        state = State.ENDED;
        sayAll(using, context.out());
        context.end();
    }

    // ---- records out

    private void answer(SSLEngine using, Context context) throws IOException {
        SSLEngineResult result = wrap(using, NOTHING, context.out());
        note(using, result, context);
        if (result.bytesProduced() == 0 && status == HandshakeStatus.NEED_WRAP) {
            throw new SSLException("the engine makes no progress: " + result);
        }
    }

    private SSLEngineResult wrap(SSLEngine using, ByteBuffer source, Outgoing out) throws SSLException {
        ByteBuffer target = scratch.target();
        SSLEngineResult result = using.wrap(source, target);
        if (result.getStatus() == Status.BUFFER_OVERFLOW) {
            target = scratch.largerTarget(using.getSession().getPacketBufferSize());
            result = using.wrap(source, target);
        }
        target.flip();
        if (target.hasRemaining()) {
            out.buffer(target.remaining()).writeBytes(target);
        }
        return result;
    }

    /** Writes what the engine wants to send by itself: alerts, and its good-bye. */
    private void sayAll(SSLEngine using, Outgoing out) throws SSLException {
        for (int bytes = 1; bytes > 0 && using.getHandshakeStatus() == HandshakeStatus.NEED_WRAP; ) {
            bytes = wrap(using, NOTHING, out).bytesProduced();
        }
    }

    /** Likewise after a failure: the engine throws the failure once more, which is already known. */
    private void sayWhatIsLeft(SSLEngine using, Outgoing out) {
        for (int tries = 0; tries < 2; tries++) {
            try {
                sayAll(using, out);
                return;
            } catch (SSLException | RuntimeException e) {
                // try again, for the alert
            }
        }
    }

    @Override
    public void encode(ByteBuf message, Outgoing out) throws IOException {
        SSLEngine using = Objects.requireNonNull(engine);
        content(message.readableBytes()); // a peer that is sent something has a reason to answer
        int at = message.readerIndex();
        int end = message.writerIndex();
        while (at < end) {
            ByteBuffer source = scratch.source(message, at, Math.min(end - at, TlsRecord.MOST_PLAIN));
            at += encrypt(using, source, out);
        }
    }

    private int encrypt(SSLEngine using, ByteBuffer source, Outgoing out) throws IOException {
        try {
            SSLEngineResult result = wrap(using, source, out);
            if (result.getStatus() == Status.CLOSED) {
                throw nothingMoreCanBeSent();
            }
            if (result.bytesConsumed() == 0 && result.bytesProduced() == 0) {
                throw new SSLException("the engine makes no progress: " + result);
            }
            return result.bytesConsumed();
        } catch (SSLException | RuntimeException e) {
            throw failures().of(e);
        }
    }

    private IOException nothingMoreCanBeSent() {
        return state == State.ENDED
                ? new OutputEndedException(
                        failures().of("the peer has said good-bye, after which TLS 1.2 can send nothing more", null))
                : failures().of("nothing more can be sent: good-bye was said, or the handshake was broken off", null);
    }

    // ---- ends

    @Override
    public @Nullable ByteBuf timerExpired(Context context) throws IOException {
        throw new DeadlineException(
                failures().prefix() + "no handshake within " + handshakeTimeout.toMillis() + " ms; " + whatIsMissing());
    }

    private String whatIsMissing() {
        if (state == State.PREPARING) {
            return client
                    ? "whom to trust was not loaded by then"
                    : "the function that gives identities had not answered, or theirs was not loaded";
        }
        if (tasksRun) {
            return "its work on other threads was not done: a trust manager, say, or all of these threads were busy";
        }
        return greeted ? "it was not finished" : "the peer has sent nothing, or no whole record";
    }

    @Override
    public @Nullable ByteBuf inputEnded(ByteBuf rest, Context context) throws IOException {
        if (state != State.OPEN) {
            throw failures()
                    .truncated("the peer has ended the connection in the middle of the handshake"
                            + (greeted ? "" : ", before it had sent anything")
                            + (greeted || !client ? "" : "; is this a port without TLS?"));
        }
        throw failures()
                .truncated("the stream was cut off: it ended without a good-bye (close_notify)"
                        + (rest.isReadable() ? ", after " + rest.readableBytes() + " bytes of a record" : ""));
    }

    @Override
    public void outputEnding(Outgoing out) throws IOException {
        SSLEngine using = engine;
        if (using == null || tasksRun) {
            return; // without a handshake there is no peer to say good-bye to
        }
        using.closeOutbound();
        sayWhatIsLeft(using, out);
    }

    // ---- results

    @Override
    public @Nullable TlsInfo info() {
        SSLEngine using = engine;
        if (using == null || (state != State.OPEN && state != State.ENDED)) {
            return null;
        }
        SSLSession session = using.getSession();
        String protocol = using.getApplicationProtocol();
        return new TlsInfo(
                session.getProtocol().equals(TlsVersion.TLS_1_3.name) ? TlsVersion.TLS_1_3 : TlsVersion.TLS_1_2,
                session.getCipherSuite(),
                protocol == null || protocol.isEmpty() ? null : protocol,
                serverName(using, session),
                certificates(session));
    }

    private @Nullable String serverName(SSLEngine using, SSLSession session) {
        List<SNIServerName> names = client
                ? using.getSSLParameters().getServerNames()
                : session instanceof ExtendedSSLSession extended ? extended.getRequestedServerNames() : List.of();
        return names == null || names.isEmpty() || !(names.getFirst() instanceof SNIHostName host)
                ? null
                : host.getAsciiName();
    }

    private static List<X509Certificate> certificates(SSLSession session) {
        var certificates = new ArrayList<X509Certificate>();
        try {
            for (Certificate each : session.getPeerCertificates()) {
                if (each instanceof X509Certificate certificate) {
                    certificates.add(certificate);
                }
            }
        } catch (SSLPeerUnverifiedException e) {
            // it has presented none
        }
        return certificates;
    }
}
