package rill.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;
import rill.Future;
import rill.Loop;
import rill.codec.tls.Pem;
import rill.codec.tls.Tls;
import rill.codec.tls.TlsClient;
import rill.http.HttpServer;

/** The entry point: {@code ./rill demo} runs two introductory examples, {@code ./rill demo NAME} any of them. */
@Command(
        name = "./rill demo",
        synopsisSubcommandLabel = "[NAME]",
        description = "Runs an example; without a name, two-loads and then redis.",
        footer = {"", "Exit status: 0 if it passed, 1 if something failed, 2 if the command was wrong."})
final class Main implements Callable<Integer> {
    @Spec
    @SuppressWarnings("FieldCanBeFinal") // picocli sets it
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "This text.")
    @SuppressWarnings("UnusedVariable") // only its presence counts
    private boolean help;

    @Option(
            names = "--transport",
            paramLabel = "NAME",
            scope = ScopeType.INHERIT,
            description = "The transport for all loops: epoll, epoll-nio or nio; the best one here if not given.")
    @SuppressWarnings("UnusedMethod") // picocli calls it
    private void transport(String name) throws IOException {
        System.setProperty("rill.transport", name);
        try {
            Loop.open().close();
        } catch (IllegalStateException noSuch) {
            throw new ParameterException(spec.commandLine(), noSuch.getMessage());
        }
    }

    private Main() {}

    public static void main(String[] args) {
        System.exit(execute(writer(System.out), writer(System.err), args));
    }

    private static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(stream, true, stream.charset());
    }

    /** Returns the exit status. */
    static int execute(PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(new Main())
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler((wrong, ignored) -> {
                    err.println("rill: " + inWords(wrong));
                    return CommandLine.ExitCode.USAGE;
                })
                .setExecutionExceptionHandler((failure, command, ignored) -> {
                    err.println("rill: " + command.getCommandName() + ": " + inWords(failure));
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .execute(args);
    }

    private static String inWords(ParameterException wrong) {
        CommandLine command = wrong.getCommandLine();
        if (command.getParent() == null && wrong instanceof UnmatchedArgumentException unmatched) {
            String first = unmatched.getUnmatched().getFirst();
            if (!first.startsWith("-")) {
                return "there is no example called " + first + ", only "
                        + String.join(", ", command.getSubcommands().keySet());
            }
        }
        return wrong.getMessage() + "; ./rill demo --help tells more";
    }

    private static String inWords(Exception failure) {
        return failure instanceof IOException && failure.getMessage() != null
                ? failure.getMessage()
                : failure.toString();
    }

    @Override
    public Integer call() throws IOException {
        out().println("two-loads");
        TwoLoads.run(out());
        out().println("redis");
        Redis.run(out(), null, null);
        return passed();
    }

    @Command(
            name = "two-loads",
            description = "Two hosts are asked side by side, by two Tasks, and their answers added.")
    int twoLoads() throws IOException {
        TwoLoads.run(out());
        return passed();
    }

    @Command(name = "redis", description = "A Redis client: single calls, then 100,000 pipelined ones.")
    int redis(
            @Option(
                            names = "--address",
                            paramLabel = "HOST:PORT",
                            description = "A Redis to talk to, instead of a small one of our own.",
                            converter = Arguments.Address.class)
                    @Nullable
                    InetSocketAddress address,
            @Option(names = "--tls", description = "Over TLS; needs --address.") boolean tls,
            @Option(
                            names = "--ca",
                            paramLabel = "FILE",
                            description =
                                    "Over TLS: trust these certificates (PEM), instead of those that the JDK trusts.")
                    @Nullable
                    Path authorities,
            @Mixin ServeOption serve)
            throws IOException {
        if (serve.port != null && address != null) {
            throw new ParameterException(spec.commandLine(), "--serve and --address exclude each other");
        }
        if ((tls || authorities != null) && address == null) {
            throw new ParameterException(spec.commandLine(), "--tls and --ca need --address");
        }
        if (serve.port != null) {
            return serve(MemoryRedis::serve, serve.port);
        }
        Redis.run(out(), address, tls || authorities != null ? tlsTrusting(authorities) : null);
        return passed();
    }

    @Command(name = "echo", description = "A server that sends back what it gets, and a client of it.")
    int echo(@Mixin ServeOption serve) throws IOException {
        if (serve.port != null) {
            return serve(Echo::serve, serve.port);
        }
        Echo.run(out());
        return passed();
    }

    @Command(name = "http", description = "A server of HTTP, for curl and browsers.")
    int http(@Mixin ServeOption serve) throws IOException {
        if (serve.port != null) {
            return serveWeb(HttpDemo::serve, serve.port);
        }
        HttpDemo.run(out());
        return passed();
    }

    @Command(name = "https", description = "The same over TLS, with an authority made on the spot.")
    int https(@Mixin ServeOption serve) throws IOException {
        if (serve.port != null) {
            return serveWeb((loop, address) -> HttpsDemo.serve(loop, address, out()), serve.port, "https");
        }
        HttpsDemo.run(out());
        return passed();
    }

    @Command(name = "files", description = "A server of the files below a folder, for curl and browsers.")
    int files(
            @Option(
                            names = "--folder",
                            paramLabel = "FOLDER",
                            defaultValue = ".",
                            description = "Which folder; the current one if not given.")
                    Path folder,
            @Mixin RequiredServeOption serve)
            throws IOException {
        Path real = FilesDemo.folder(folder);
        return serveWeb((loop, address) -> FilesDemo.serve(loop, address, real), serve.port);
    }

    @Command(
            name = "upload",
            description = "A server that writes to disk what is sent to it: curl -T FILE http://127.0.0.1:PORT/")
    int upload(@Mixin RequiredServeOption serve) throws IOException {
        return serveWeb((loop, address) -> UploadDemo.serve(loop, address, out()), serve.port);
    }

    @Command(name = "sse", description = "Server-sent events, and a page that shows them.")
    int sse(@Mixin RequiredServeOption serve) throws IOException {
        return serveWeb(SseDemo::serve, serve.port);
    }

    @Command(name = "dashboard", description = "A page that shows live what a loop, its connections and a pool do.")
    int dashboard(@Mixin RequiredServeOption serve) throws IOException {
        return serveWeb(Dashboard::serve, serve.port);
    }

    @Command(name = "websocket-chat", description = "A room to chat in, with a browser.")
    int webSocketChat(@Mixin RequiredServeOption serve) throws IOException {
        return serveWeb(WebChat::serve, serve.port);
    }

    @Command(
            name = "proxy",
            description = "A reverse proxy: hands requests on to servers, by turns, and streams what comes, both ways.")
    int proxy(
            @Option(
                            names = "--to",
                            paramLabel = "URI",
                            required = true,
                            description = "A server, such as http://127.0.0.1:8081; may be given several times.")
                    List<URI> servers,
            @Mixin RequiredServeOption serve)
            throws IOException {
        return serveWeb((loop, address) -> ReverseProxy.serve(loop, address, servers), serve.port);
    }

    @Command(name = "chat", description = "A room to chat in, where one who falls asleep disturbs nobody.")
    int chat(@Mixin ServeOption serve) throws IOException {
        if (serve.port != null) {
            return serve(Chat::serve, serve.port);
        }
        ChatDemo.run(out());
        return passed();
    }

    @Command(name = "tls", description = "A server and clients over TLS, with an authority made on the spot.")
    int tls() throws IOException {
        TlsDemo.run(out());
        return passed();
    }

    @Command(name = "starttls", description = "A connection that begins in the clear and goes on over TLS.")
    int startTls() throws IOException {
        StartTls.run(out());
        return passed();
    }

    @Command(name = "custom-codec", description = "A protocol of one's own.")
    int customCodec() throws IOException {
        CustomCodec.run(out());
        return passed();
    }

    private static TlsClient tlsTrusting(@Nullable Path authorities) throws IOException {
        return authorities == null ? Tls.client() : Tls.client().trust(Pem.certificates(authorities));
    }

    /** The option of examples that have a server for others to talk to. */
    static final class ServeOption {
        @Option(
                names = "--serve",
                paramLabel = "PORT",
                description = "Only be a server, at 127.0.0.1:PORT, until SIGINT or SIGTERM; 0 is any free port.",
                converter = Arguments.Port.class)
        @Nullable
        Integer port;
    }

    /** The same option of examples that are only a server. */
    static final class RequiredServeOption {
        @Option(
                names = "--serve",
                paramLabel = "PORT",
                defaultValue = "8080",
                description =
                        "At 127.0.0.1:PORT, until SIGINT or SIGTERM; 0 is any free port, and 8080 is the default.",
                converter = Arguments.Port.class)
        int port;
    }

    private int serve(Serving.Server server, int port) throws IOException {
        Serving.untilStopped(server, port, out());
        return CommandLine.ExitCode.OK;
    }

    /** An example's HTTP server. */
    private interface Web {
        Future<HttpServer> serve(Loop loop, SocketAddress address) throws IOException;
    }

    private int serveWeb(Web server, int port) throws IOException {
        return serveWeb(server, port, "http");
    }

    private int serveWeb(Web server, int port, String scheme) throws IOException {
        Serving.untilStopped(
                loop -> server.serve(loop, Loopback.port(port))
                        .map(each -> scheme + "://" + Serving.inWords(each.address()) + "/"),
                out());
        return CommandLine.ExitCode.OK;
    }

    private int passed() {
        out().println("demo passed");
        return CommandLine.ExitCode.OK;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
