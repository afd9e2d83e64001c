package rill.http.websocket;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.Deflater;

/** Frames as a peer would send them, valid or not, in Latin 1. */
final class Frames {
    private static final int KEY = 0x37FA213D; // as in RFC 6455, section 5.7

    private Frames() {}

    /** A client's frame, masked. */
    static String client(int first, String payload) {
        return head(first, payload.length(), 0x80) + chars(KEY >>> 16) + chars(KEY) + masked(payload);
    }

    /** A server's frame. */
    static String server(int first, String payload) {
        return head(first, payload.length(), 0) + payload;
    }

    static String head(int first, long length, int mask) {
        if (length < 126) {
            return "" + (char) first + (char) (mask | length);
        }
        if (length < 65536) {
            return "" + (char) first + (char) (mask | 126) + chars((int) length);
        }
        return "" + (char) first + (char) (mask | 127) + chars((int) (length >>> 48)) + chars((int) (length >>> 32))
                + chars((int) (length >>> 16)) + chars((int) length);
    }

    static String chars(int two) {
        return "" + (char) (two >>> 8 & 0xFF) + (char) (two & 0xFF);
    }

    private static String masked(String payload) {
        var masked = new StringBuilder();
        for (int i = 0; i < payload.length(); i++) {
            masked.append((char) (payload.charAt(i) ^ ((KEY >>> (24 - 8 * (i % 4))) & 0xFF)));
        }
        return masked.toString();
    }

    static String close(int code, String reason) {
        return chars(code) + utf8(reason);
    }

    static String utf8(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    static byte[] bytes(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Returns the payload as permessage-deflate compresses it. */
    static String deflated(byte[] payload) {
        var deflater = new Deflater(9, true);
        deflater.setInput(payload);
        var out = new ByteArrayOutputStream();
        var piece = new byte[64 * 1024];
        int got;
        do {
            got = deflater.deflate(piece, 0, piece.length, Deflater.SYNC_FLUSH);
            out.write(piece, 0, got);
        } while (got == piece.length);
        deflater.end();
        byte[] all = out.toByteArray();
        return new String(Arrays.copyOf(all, all.length - 4), StandardCharsets.ISO_8859_1);
    }
}
