package rill.bench.micro;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpRequestDecoder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import rill.http.wire.HttpWire;
import rill.http.wire.RequestEvent;
import rill.http.wire.ResponseEvent;

/** GETs as a browser sends them, with ten fields, decoded; nothing in them is looked at. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Messages.COUNT)
public class HttpDecoding {
    static final String REQUEST = """
            GET /articles/2026/11/how-it-works?from=index HTTP/1.1
            Host: www.example.com
            User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0
            Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
            Accept-Language: en-GB,en;q=0.5
            Accept-Encoding: gzip, deflate, br, zstd
            Connection: keep-alive
            Cookie: id=3f1c9a7e; theme=dark
            Upgrade-Insecure-Requests: 1
            Sec-Fetch-Mode: navigate
            Priority: u=0, i

            """.replace("\n", "\r\n");

    private final ByteBuf input = Messages.repeated(REQUEST);
    private int count;
    private final RillSide<RequestEvent, ResponseEvent> rill =
            new RillSide<>(HttpWire.server(), connection -> connection.onMessage(message -> count++));
    private final Messages.Heads counter = new Messages.Heads();
    private final NettySide netty = new NettySide(new HttpRequestDecoder(), counter);

    /** Rill. */
    @Benchmark
    public int rill() {
        int before = count;
        rill.read(input, 1);
        return Messages.checked(before, count);
    }

    /** Netty. */
    @Benchmark
    public int netty() {
        int before = counter.count;
        netty.read(input, 1);
        return Messages.checked(before, counter.count);
    }
}
