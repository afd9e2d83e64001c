package rill.codec.resp;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** The names of common commands, so that reading one allocates nothing. Only an optimization: any other name works as well. */
final class KnownNames {
    private static final String NAMES = """
            APPEND AUTH BLPOP BRPOP CLIENT CONFIG COMMAND DBSIZE DECR DECRBY DEL DISCARD ECHO EVAL EVALSHA EXEC
            EXISTS EXPIRE FLUSHALL FLUSHDB GET GETDEL GETEX GETRANGE GETSET HDEL HELLO HEXISTS HGET HGETALL
            HINCRBY HKEYS HLEN HMGET HMSET HSCAN HSET HSETNX HVALS INCR INCRBY INFO KEYS LINDEX LLEN LPOP LPUSH
            LRANGE LREM LSET LTRIM MGET MSET MULTI PERSIST PEXPIRE PING PSETEX PTTL PUBLISH QUIT RENAME RPOP
            RPUSH SADD SCAN SCARD SELECT SET SETEX SETNX SETRANGE SINTER SISMEMBER SMEMBERS SPOP SREM STRLEN
            SUNION TIME TTL TYPE UNLINK UNWATCH WATCH XACK XADD XLEN XRANGE XREAD ZADD ZCARD ZCOUNT ZINCRBY
            ZRANGE ZRANK ZREM ZSCORE""";

    /** Longer names are not known. */
    static final int LONGEST = Long.BYTES;

    private static final int SIZE = 512;
    private static final long[] KEYS = new long[SIZE];
    private static final @Nullable String[] VALUES;

    static {
        VALUES = new String[SIZE];
        for (String name : NAMES.split("\\s+", -1)) {
            if (name.length() <= LONGEST) {
                long key = 0;
                for (int i = 0; i < name.length(); i++) {
                    key = (key << 8) | name.charAt(i);
                }
                int at = slot(key);
                KEYS[at] = key;
                VALUES[at] = name.intern();
            }
        }
    }

    private KnownNames() {}

    /** Where a key is or belongs. At least two thirds of the slots stay empty. */
    private static int slot(long key) {
        int at = (int) ((key * 0x9E3779B97F4A7C15L) >>> 55);
        while (KEYS[at] != 0 && KEYS[at] != key) {
            at = (at + 1) & (SIZE - 1);
        }
        return at;
    }

    /** The known name that has exactly these bytes, or null. */
    static @Nullable String find(ByteBuf in, int at, int length) {
        if (length == 0 || length > LONGEST) {
            return null;
        }
        long key = 0;
        for (int i = 0; i < length; i++) {
            key = (key << 8) | in.getUnsignedByte(at + i);
        }
        return named(key, length);
    }

    /** The known name that has these bytes in upper case, or null. */
    static @Nullable String findAnyCase(byte[] bytes) {
        if (bytes.length == 0 || bytes.length > LONGEST) {
            return null;
        }
        long key = 0;
        for (byte b : bytes) {
            key = (key << 8) | (b >= 'a' && b <= 'z' ? b - 32 : b & 0xFF);
        }
        return named(key, bytes.length);
    }

    private static @Nullable String named(long key, int length) {
        String name = VALUES[slot(key)];
        return name != null && name.length() == length ? name : null; // leading NULs make no difference to a key
    }
}
