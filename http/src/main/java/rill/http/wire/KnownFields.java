package rill.http.wire;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The names of common fields, so that reading one allocates nothing, and fields that concern the framing are recognized at once. Only an optimization:
 * any other name is accepted as well.
 */
final class KnownFields {
    /** The id of any other name. */
    static final int UNKNOWN = -1;

    static final int CONNECTION = 0;
    static final int CONTENT_LENGTH = 1;
    static final int EXPECT = 2;
    static final int HOST = 3;
    static final int TRANSFER_ENCODING = 4;
    static final int UPGRADE = 5;

    /** The last of the ids of fields that concern the framing, the routing, or the connection. */
    static final int LAST_WITH_MEANING = UPGRADE;

    private static final String NAMES = """
            connection content-length expect host transfer-encoding upgrade accept accept-charset accept-encoding accept-language
            accept-ranges access-control-allow-credentials access-control-allow-headers access-control-allow-methods
            access-control-allow-origin access-control-expose-headers access-control-max-age access-control-request-headers
            access-control-request-method age allow alt-svc authorization cache-control content-disposition content-encoding
            content-language content-location content-md5 content-range content-security-policy content-type cookie date dnt etag
            expires forwarded from if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive last-event-id
            last-modified link location max-forwards origin pragma priority proxy-authenticate proxy-authorization
            proxy-connection range referer referrer-policy retry-after sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform
            sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-websocket-accept sec-websocket-extensions
            sec-websocket-key sec-websocket-protocol sec-websocket-version server set-cookie strict-transport-security te
            traceparent trailer upgrade-insecure-requests user-agent vary via warning www-authenticate x-content-type-options
            x-forwarded-for x-forwarded-host x-forwarded-proto x-frame-options x-powered-by x-real-ip x-request-id
            x-requested-with x-xss-protection""";

    private static final int SLOTS = 1024;
    private static final int SHIFT = Long.SIZE - Integer.numberOfTrailingZeros(SLOTS);
    private static final @Nullable Known[] TABLE = new Known[SLOTS];

    static {
        List<String> names = List.of(NAMES.split("\\s+", -1));
        for (int id = 0; id < names.size(); id++) {
            var known = new Known(id, names.get(id).intern());
            int slot = slot(known.first, known.last, known.length);
            while (TABLE[slot] != null) {
                slot = (slot + 1) & (SLOTS - 1);
            }
            TABLE[slot] = known;
        }
    }

    private KnownFields() {}

    /** A name in lower case, as words, of which the last two may overlap. */
    static final class Known {
        final int id;
        final String name;
        private final int length;
        private final long first;
        private final long last;
        private final long[] words; // between the first and the last
        private final long[] ignored; // for each word, the bits that distinguish upper from lower case
        private final long ignoredOfFirst;
        private final long ignoredOfLast;

        Known(int id, String name) {
            byte[] bytes = name.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            this.id = id;
            this.name = name;
            length = bytes.length;
            first = Swar.word(bytes, 0, length);
            last = lastWord(bytes, 0, length);
            ignoredOfFirst = letters(first);
            ignoredOfLast = letters(last);
            var between = new ArrayList<Long>();
            for (int i = Long.BYTES; i + Long.BYTES < length; i += Long.BYTES) {
                between.add(Swar.word(bytes, i, Long.BYTES));
            }
            words = between.stream().mapToLong(Long::longValue).toArray();
            ignored = between.stream().mapToLong(Known::letters).toArray();
        }

        private static long letters(long word) {
            long bits = 0;
            for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
                long character = (word >>> shift) & 0xFF;
                if (character >= 'a' && character <= 'z') {
                    bits |= 0x20L << shift;
                }
            }
            return bits;
        }

        private boolean matches(byte[] bytes, int at, int size, long firstWord, long lastWord) {
            if (size != length
                    || ((firstWord ^ first) & ~ignoredOfFirst) != 0
                    || ((lastWord ^ last) & ~ignoredOfLast) != 0) {
                return false;
            }
            for (int i = 0; i < words.length; i++) {
                if (((Swar.word(bytes, at + (i + 1) * Long.BYTES) ^ words[i]) & ~ignored[i]) != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    private static long lastWord(byte[] bytes, int at, int length) {
        return length <= Long.BYTES
                ? Swar.word(bytes, at, length)
                : Swar.word(bytes, at + length - Long.BYTES, Long.BYTES);
    }

    private static int slot(long first, long last, int length) {
        long mixed = (first | Swar.SMALL) * 31 + (last | Swar.SMALL) + length;
        return (int) ((mixed * 0x9E3779B97F4A7C15L) >>> SHIFT);
    }

    /** The known name equal to these bytes, ignoring case; null if there is none. */
    static @Nullable Known find(byte[] bytes, int at, int length) {
        if (length == 0) {
            return null;
        }
        long first = Swar.word(bytes, at, length);
        long last = lastWord(bytes, at, length);
        int slot = slot(first, last, length);
        for (Known known = TABLE[slot]; known != null; known = TABLE[slot]) {
            if (known.matches(bytes, at, length, first, last)) {
                return known;
            }
            slot = (slot + 1) & (SLOTS - 1);
        }
        return null;
    }
}
