package rill.codec.tls;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** A peer that speaks TLS through the JDK's engine, and can use it as no proper peer does. */
final class RawPeer {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    final SSLEngine engine;
    private byte[] rest = {};

    private RawPeer(SSLEngine engine) {
        this.engine = engine;
    }

    static RawPeer client(TlsVersion version) throws Exception {
        return new RawPeer(engine(version, null, true));
    }

    static RawPeer server(TlsVersion version, Identity identity) throws Exception {
        return new RawPeer(engine(version, identity, false));
    }

    private static SSLEngine engine(TlsVersion version, @Nullable Identity identity, boolean client) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(
                identity == null ? null : new KeyManager[] {new OwnKey(identity)},
                new TrustManager[] {Verifier.byNobody()},
                null);
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(client);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setProtocols(new String[] {version.name});
        engine.setSSLParameters(parameters);
        engine.beginHandshake();
        return engine;
    }

    /** Exchanges bytes until neither side has anything left to send. */
    void talkTo(Side side) throws SSLException {
        for (boolean more = true; more; ) {
            byte[] said = say();
            side.feed(said);
            byte[] answer = side.take();
            hear(answer);
            more = said.length + answer.length > 0;
        }
    }

    /** Returns what it has to send by itself. */
    byte[] say() throws SSLException {
        var all = new ByteArrayOutputStream();
        tasks();
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
            all.writeBytes(wrap(NOTHING));
            tasks();
        }
        return all.toByteArray();
    }

    /** Returns the answer to this input, which is one record. */
    byte[] answer(ByteBuffer record) throws SSLException {
        engine.unwrap(record, ByteBuffer.allocate(40_000));
        return say();
    }

    /** Returns a record with this content. */
    byte[] wrap(ByteBuffer content) throws SSLException {
        ByteBuffer target = ByteBuffer.allocate(40_000);
        engine.wrap(content, target);
        return Arrays.copyOf(target.array(), target.position());
    }

    private void hear(byte[] bytes) throws SSLException {
        ByteBuffer in = ByteBuffer.allocate(rest.length + bytes.length)
                .put(rest)
                .put(bytes)
                .flip();
        while (in.hasRemaining()) {
            SSLEngineResult result = engine.unwrap(in, ByteBuffer.allocate(40_000));
            tasks();
            if (result.bytesConsumed() == 0) {
                break;
            }
        }
        rest = new byte[in.remaining()];
        in.get(rest);
    }

    private void tasks() {
        for (Runnable task = engine.getDelegatedTask(); task != null; task = engine.getDelegatedTask()) {
            task.run();
        }
    }
}
