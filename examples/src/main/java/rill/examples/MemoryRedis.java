package rill.examples;

import java.net.SocketAddress;
import rill.Future;
import rill.Listener;
import rill.Loop;
import rill.codec.resp.Resp;

/**
 * A server that speaks RESP 2 and RESP3 and keeps some kinds of data in memory, with channels: enough for redis-cli, redis-benchmark, and the usual
 * client libraries.
 */
final class MemoryRedis {
    private MemoryRedis() {}

    static Future<Listener> serve(Loop loop, SocketAddress address) {
        var commands = new RedisCommands(new MemoryStore(loop::nanoTime));
        var channels = new RedisChannels();
        return loop.listen(address, Resp.server(), connection -> new RedisPeer(connection, commands, channels).serve());
    }
}
