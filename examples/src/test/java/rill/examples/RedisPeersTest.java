package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients in other languages than Java with our server, in both versions of the protocol: redis-py from Debian's packages, node-redis and ioredis as
 * {@code ./rill} installs them. Each is a program that prints what it received.
 */
@Tag("slow")
class RedisPeersTest {
    /** What each of them must print, in either version. */
    private static final List<String> SAID = List.of(
            "set OK",
            "get välue",
            "none null",
            "hash a=1 b=2",
            "score 1.5",
            "error WRONGTYPE",
            "name peer",
            "multi OK 1 2",
            "failing OK WRONGTYPE",
            "after 2",
            "pipeline 1000 1 1000",
            "large 1000000",
            "told weather fine",
            "told by pattern n* news rain",
            "nobody 0");

    private RunningServer server;
    private String port;

    @TempDir
    private Path folder;

    @BeforeEach
    void start() {
        server = new RunningServer(MemoryRedis::serve);
        port = Integer.toString(((InetSocketAddress) server.address()).getPort());
    }

    @AfterEach
    void stop() {
        server.allowFailedConnections();
        server.close();
    }

    private void says(List<String> program, String script, String suffix, int version) throws Exception {
        Path file = folder.resolve("peer" + suffix);
        Files.writeString(file, script);
        var builder = new ProcessBuilder(program.getFirst(), file.toString(), port, Integer.toString(version));
        builder.environment().put("NODE_PATH", nodePackages().toString());
        builder.environment().put("PYTHONIOENCODING", "UTF-8");
        Programs.Result result = Programs.run(builder);
        assertThat(result.output().lines()).as(result.errors()).containsExactlyElementsOf(SAID);
        assertThat(result.status()).isZero();
    }

    // ---- redis-py

    private static final String PYTHON = """
            import sys, redis
            port, version = int(sys.argv[1]), int(sys.argv[2])
            options = dict(port=port, decode_responses=True, client_name="peer", socket_timeout=20)
            if version == 3:
                options["protocol"] = 3
            r = redis.Redis(**options)
            print("set", "OK" if r.set("key", "välue") else "?")
            print("get", r.get("key"))
            print("none", "null" if r.get("none") is None else "?")
            r.hset("hash", mapping={"a": 1, "b": 2})
            print("hash", *sorted(k + "=" + v for k, v in r.hgetall("hash").items()))
            r.zadd("ranking", {"a": 1.5})
            print("score", r.zscore("ranking", "a"))
            try:
                r.incr("hash")
            except redis.ResponseError as e:
                print("error", str(e).split(" ")[0])
            print("name", r.client_getname())
            with r.pipeline(transaction=True) as p:
                done = p.set("n", 0).incr("n").incr("n").execute()
            print("multi", "OK" if done[0] else "?", *done[1:])
            with r.pipeline(transaction=True) as p:
                done = p.set("m", 0).incr("hash").execute(raise_on_error=False)
            print("failing", "OK" if done[0] else "?", str(done[1]).split(" ")[0])
            print("after", r.get("n"))
            with r.pipeline(transaction=False) as p:
                for i in range(1000):
                    p.incr("count")
                done = p.execute()
            print("pipeline", len(done), done[0], done[-1])
            r.set("large", "x" * 1000000)
            print("large", len(r.get("large")))
            s = r.pubsub()
            s.subscribe("weather")
            s.psubscribe("n*")
            while s.get_message(timeout=20)["type"] != "psubscribe":
                pass
            r.publish("weather", "fine")
            m = s.get_message(timeout=20)
            print("told", m["channel"], m["data"])
            r.publish("news", "rain")
            m = s.get_message(timeout=20)
            print("told by pattern", m["pattern"], m["channel"], m["data"])
            s.unsubscribe()
            s.punsubscribe()
            while s.get_message(timeout=20)["type"] != "punsubscribe":
                pass
            print("nobody", r.publish("weather", "fine"))
            """;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void redis_py(int version) throws Exception {
        String python = "/usr/bin/python3"; // Debian's own, which has its packages
        if (!Files.isExecutable(Path.of(python))) {
            abort("python3 of Debian is not installed");
        }
        Programs.Result has =
                Programs.run(new ProcessBuilder(python, "-c", "import redis; print(redis.__version__.split('.')[0])"));
        if (has.status() != 0) {
            abort("python3-redis is not installed");
        }
        boolean speaksBoth = Integer.parseInt(has.output().strip()) >= 5;
        says(List.of(python), PYTHON, ".py", speaksBoth ? version : 2);
    }

    // ---- of Node

    private static Path nodePackages() {
        Path cache = Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                .map(Path::of)
                .orElse(Path.of(System.getProperty("user.home"), ".cache"));
        return cache.resolve("rill/npm/node_modules");
    }

    private static List<String> node(String packageName) throws IOException {
        if (!Files.exists(nodePackages().resolve(packageName))) {
            abort(packageName + " of npm is not installed");
        }
        return List.of(Programs.required("node"));
    }

    private static final String NODE_REDIS = """
            const { createClient } = require('redis');
            const [port, version] = process.argv.slice(2).map(Number);
            const fields = map => Object.entries(map).map(e => e.join('=')).sort().join(' ');
            (async () => {
              const r = createClient({ socket: { port, host: '127.0.0.1' }, RESP: version, name: 'peer' });
              r.on('error', e => { console.log('client failed', e.message); process.exit(1); });
              await r.connect();
              console.log('set', await r.set('key', 'välue'));
              console.log('get', await r.get('key'));
              console.log('none', await r.get('none'));
              await r.hSet('hash', { a: '1', b: '2' });
              console.log('hash', fields(await r.hGetAll('hash')));
              await r.zAdd('ranking', { score: 1.5, value: 'a' });
              console.log('score', await r.zScore('ranking', 'a'));
              await r.incr('hash').catch(e => console.log('error', e.message.split(' ')[0]));
              console.log('name', await r.clientGetName());
              console.log('multi', (await r.multi().set('n', '0').incr('n').incr('n').exec()).join(' '));
              await r.multi().set('m', '0').incr('hash').exec().catch(e =>
                  console.log('failing', e.replies[0], e.replies[1].message.split(' ')[0]));
              console.log('after', await r.get('n'));
              const counted = await Promise.all(Array.from({ length: 1000 }, () => r.incr('count')));
              console.log('pipeline', counted.length, counted[0], counted[999]);
              await r.set('large', 'x'.repeat(1000000));
              console.log('large', (await r.get('large')).length);
              const s = r.duplicate();
              await s.connect();
              let told;
              const next = () => new Promise(resolve => told = resolve);
              await s.subscribe('weather', (message, channel) => told(channel + ' ' + message));
              await s.pSubscribe('n*', (message, channel) => told('by pattern n* ' + channel + ' ' + message));
              let heard = next();
              await r.publish('weather', 'fine');
              console.log('told', await heard);
              heard = next();
              await r.publish('news', 'rain');
              console.log('told', await heard);
              await s.unsubscribe();
              await s.pUnsubscribe();
              console.log('nobody', await r.publish('weather', 'fine'));
              await s.close();
              await r.close();
            })().catch(e => { console.log('failed', e); process.exit(1); });
            """;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void node_redis(int version) throws Exception {
        says(node("redis"), NODE_REDIS, ".js", version);
    }

    private static final String IOREDIS = """
            const Redis = require('ioredis');
            const [port, version] = process.argv.slice(2).map(Number);
            const fields = map => Object.entries(map).map(e => e.join('=')).sort().join(' ');
            (async () => {
              const options = { port, host: '127.0.0.1', protocol: version, connectionName: 'peer' };
              const r = new Redis(options);
              r.on('error', e => { console.log('client failed', e.message); process.exit(1); });
              console.log('set', await r.set('key', 'välue'));
              console.log('get', await r.get('key'));
              console.log('none', await r.get('none'));
              await r.hset('hash', { a: '1', b: '2' });
              console.log('hash', fields(await r.hgetall('hash')));
              await r.zadd('ranking', 1.5, 'a');
              console.log('score', Number(await r.zscore('ranking', 'a')));
              await r.incr('hash').catch(e => console.log('error', e.message.split(' ')[0]));
              console.log('name', await r.client('GETNAME'));
              console.log('multi', (await r.multi().set('n', 0).incr('n').incr('n').exec()).map(e => e[1]).join(' '));
              const failing = await r.multi().set('m', 0).incr('hash').exec();
              console.log('failing', failing[0][1], failing[1][0].message.split(' ')[0]);
              console.log('after', await r.get('n'));
              const pipeline = r.pipeline();
              for (let i = 0; i < 1000; i++) pipeline.incr('count');
              const counted = (await pipeline.exec()).map(e => e[1]);
              console.log('pipeline', counted.length, counted[0], counted[999]);
              await r.set('large', 'x'.repeat(1000000));
              console.log('large', (await r.get('large')).length);
              const s = new Redis(options);
              const next = event => new Promise(resolve => s.once(event, (...all) => resolve(all.join(' '))));
              await s.subscribe('weather');
              await s.psubscribe('n*');
              let heard = next('message');
              await r.publish('weather', 'fine');
              console.log('told', await heard);
              heard = next('pmessage');
              await r.publish('news', 'rain');
              console.log('told by pattern', await heard);
              await s.unsubscribe('weather');
              await s.punsubscribe('n*');
              console.log('nobody', await r.publish('weather', 'fine'));
              await s.quit();
              await r.quit();
            })().catch(e => { console.log('failed', e); process.exit(1); });
            """;

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void ioredis(int version) throws Exception {
        says(node("ioredis"), IOREDIS, ".js", version);
    }
}
