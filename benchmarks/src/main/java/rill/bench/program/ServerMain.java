package rill.bench.program;

import java.util.List;

/** Runs one {@link Server}: {@code ServerMain CLASS [OPTION...]}. Prints "listening PORT" or "unavailable REASON". */
final class ServerMain {
    private ServerMain() {}

    public static void main(String[] arguments) throws Exception {
        List<String> options = List.of(arguments).subList(1, arguments.length);
        try {
            var server = Class.forName(arguments[0])
                    .asSubclass(Server.class)
                    .getDeclaredConstructor()
                    .newInstance();
            System.out.println("listening " + server.listen(options));
        } catch (UnavailableException e) {
            System.out.println("unavailable " + e.getMessage());
            Runtime.getRuntime().halt(0);
        }
        Control.untilInputEnds(() -> 0);
    }
}
