package rill.codec.proxy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import rill.Context;
import rill.Outgoing;

/**
 * The client's side of SOCKS5. Each arrow is what the proxy sends; our answer comes after the slash.
 *
 * <pre>
 *   opened / 05 1 00, with a user 05 2 00 02
 *      ▼
 *   METHOD ── 05 02 / 01 user, password ──▶ LOGIN
 *      │ 05 00 / request                     │ 01 00 / request
 *      ▼                                     │
 *   REPLY ◀──────────────────────────────────┘
 *      │ 05 00 00 type, address, port
 *      ▼
 *   passing on                          request: 05 01 00 type, address, port
 * </pre>
 *
 * <p>Everything else ends the connection.
 */
final class Socks5Session extends Tunnel {
    private enum State {
        METHOD,
        LOGIN,
        REPLY
    }

    private static final int VERSION = 5;
    private static final int LOGIN_VERSION = 1;
    private static final int CONNECT = 1;
    private static final int NO_LOGIN = 0;
    private static final int USER_AND_PASSWORD = 2;
    private static final int NONE_ACCEPTABLE = 0xFF;
    private static final int SUCCEEDED = 0;
    private static final int V4 = 1;
    private static final int NAME = 3;
    private static final int V6 = 4;
    private static final int BEFORE_ADDRESS = 4; // version, reply, reserved, type
    private static final int PORT = 2;
    private static final int LONGEST = 2 * (2 + 255);

    private final Socks5 spec;
    private State state = State.METHOD;

    Socks5Session(Socks5 spec, Destination destination) {
        super(spec, destination);
        this.spec = spec;
    }

    // ---- what we say

    @Override
    void begin(Outgoing out) {
        ByteBuf to = out.buffer(LONGEST);
        to.writeByte(VERSION);
        if (spec.user == null) {
            to.writeByte(1).writeByte(NO_LOGIN);
        } else {
            to.writeByte(2).writeByte(NO_LOGIN).writeByte(USER_AND_PASSWORD);
        }
    }

    private void login(Outgoing out) {
        byte[] user = Objects.requireNonNull(spec.user);
        byte[] password = Objects.requireNonNull(spec.password);
        ByteBuf to = out.buffer(LONGEST);
        to.writeByte(LOGIN_VERSION);
        to.writeByte(user.length).writeBytes(user);
        to.writeByte(password.length).writeBytes(password);
        state = State.LOGIN;
    }

    private void request(Outgoing out) {
        ByteBuf to = out.buffer(LONGEST);
        to.writeByte(VERSION).writeByte(CONNECT).writeByte(0);
        String name = destination.name();
        if (name != null) {
            to.writeByte(NAME).writeByte(name.length()).writeCharSequence(name, StandardCharsets.US_ASCII);
        } else {
            byte[] address = Objects.requireNonNull(destination.address()).getAddress();
            to.writeByte(address.length == Literals.V4_BYTES ? V4 : V6).writeBytes(address);
        }
        to.writeShort(destination.port());
        state = State.REPLY;
    }

    // ---- what the proxy says

    @Override
    boolean settle(ByteBuf in, Context context) throws IOException {
        switch (state) {
            case METHOD -> method(in, context);
            case LOGIN -> loggedIn(in, context);
            case REPLY -> reply(in, context);
        }
        return false;
    }

    private void method(ByteBuf in, Context context) throws IOException {
        if (!twoBytesOf(VERSION, in)) {
            return;
        }
        int method = in.getUnsignedByte(in.readerIndex() + 1);
        if (method == NONE_ACCEPTABLE) {
            throw refused(
                    spec.user == null
                            ? "it wants authentication (method 255): give it a user and a password, by Socks5.user"
                            : "it takes neither a user with a password nor none (method 255)");
        }
        if (method != NO_LOGIN && (method != USER_AND_PASSWORD || spec.user == null)) {
            throw violation(1, "expected one of the methods that were offered, found " + Wording.show((byte) method));
        }
        in.skipBytes(2);
        if (method == NO_LOGIN) {
            request(context.out());
        } else {
            login(context.out());
        }
    }

    private void loggedIn(ByteBuf in, Context context) throws IOException {
        if (!twoBytesOf(LOGIN_VERSION, in)) {
            return;
        }
        int status = in.getUnsignedByte(in.readerIndex() + 1);
        if (status != SUCCEEDED) {
            throw refused("it does not accept the user and the password (status " + status + ")");
        }
        in.skipBytes(2);
        request(context.out());
    }

    private void reply(ByteBuf in, Context context) throws IOException {
        if (!twoBytesOf(VERSION, in)) {
            return;
        }
        int start = in.readerIndex();
        int available = in.readableBytes();
        int reply = in.getUnsignedByte(start + 1);
        if (reply != SUCCEEDED) {
            throw refused(inWords(reply) + " (reply " + reply + ")", reply >= 3 && reply <= 6);
        }
        if (available > 2 && in.getByte(start + 2) != 0) {
            throw violation(2, "expected 0, which is reserved, found " + Wording.show(in.getByte(start + 2)));
        }
        if (available > BEFORE_ADDRESS) {
            int size = BEFORE_ADDRESS + addressBytes(in, start) + PORT;
            if (available >= size) {
                in.skipBytes(size);
                through(context);
            }
        } else if (available == BEFORE_ADDRESS) {
            requireType(in.getByte(start + BEFORE_ADDRESS - 1));
        }
    }

    /** The length of the address that the proxy is bound to, which is not used. */
    private int addressBytes(ByteBuf in, int start) throws IOException {
        byte type = in.getByte(start + BEFORE_ADDRESS - 1);
        requireType(type);
        if (type == V4) {
            return Literals.V4_BYTES;
        }
        if (type == V6) {
            return Literals.V6_BYTES;
        }
        int length = in.getUnsignedByte(start + BEFORE_ADDRESS);
        if (length == 0) {
            throw violation(BEFORE_ADDRESS, "expected a name of 1 to 255 bytes, found an empty one");
        }
        return 1 + length;
    }

    private void requireType(byte type) throws IOException {
        if (type != V4 && type != V6 && type != NAME) {
            throw violation(BEFORE_ADDRESS - 1, "expected an address of type 1, 3 or 4, found " + Wording.show(type));
        }
    }

    /** Whether two bytes have arrived. The first has to be this version. */
    private boolean twoBytesOf(int version, ByteBuf in) throws IOException {
        if (in.isReadable()) {
            byte first = in.getByte(in.readerIndex());
            if (first != version) {
                throw violation(
                        0,
                        "expected " + Wording.show((byte) version) + " " + where(0) + ", found " + Wording.show(first)
                                + spokenOtherwise(first));
            }
        }
        return in.readableBytes() >= 2;
    }

    private static String spokenOtherwise(byte first) {
        return switch (first) {
            case 'H' -> "; it seems to speak HTTP: try HttpConnect";
            case 0 -> "; it seems to speak SOCKS4";
            default -> "";
        };
    }

    @Override
    String where(int bytes) {
        String what = switch (state) {
            case METHOD -> "its choice of a method";
            case LOGIN -> "its answer to user and password";
            case REPLY -> "its reply to the request";
        };
        return bytes == 0 ? "before " + what : "within " + what + ", after " + bytes + " bytes of it";
    }

    /** RFC 1928, 6. */
    private static String inWords(int reply) {
        return switch (reply) {
            case 1 -> "it has failed, without a reason";
            case 2 -> "its rules do not allow this connection";
            case 3 -> "it can't reach that network";
            case 4 -> "it can't reach that host, or can't look up its name";
            case 5 -> "the connection was refused there: nobody listens at that port, or a firewall refuses";
            case 6 -> "that host is too far away, or a route goes in circles (TTL expired)";
            case 7 -> "it does not know the command CONNECT";
            case 8 -> "it does not know this kind of address: give it a name, or an address of the other version of IP";
            default -> "it has failed for a reason that RFC 1928 does not know";
        };
    }
}
