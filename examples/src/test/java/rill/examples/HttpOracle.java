package rill.examples;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Another project's parser in a separate process, which reads cases and returns a verdict on each. */
record HttpOracle(String name, List<String> command) {
    /**
     * A parser's verdict on some bytes.
     *
     * @param waits whether it needs more bytes to decide
     * @param ended whether its last message is the connection's last
     */
    record Verdict(String error, boolean waits, boolean ended, List<String> messages) {
        boolean refuses() {
            return !error.isEmpty();
        }
    }

    /** One case. */
    record Case(boolean request, byte[] bytes) {
        String line() {
            return (request ? "request " : "response ") + HexFormat.of().formatHex(bytes);
        }

        @Override
        public String toString() {
            var text = new StringBuilder(request ? "request " : "response ");
            for (byte each : bytes) {
                text.append(each == '\r' ? "\\r" : each == '\n' ? "\\n" : shown(each));
            }
            return text.toString();
        }

        private static String shown(byte octet) {
            return octet >= ' ' && octet < 0x7F ? String.valueOf((char) octet) : String.format("\\x%02x", octet);
        }
    }

    /** Python's h11, if it is installed. */
    static HttpOracle h11() throws IOException {
        for (String python : List.of("/usr/bin/python3", "python3")) {
            if (works(python, "-c", "import h11")) {
                return new HttpOracle("h11", List.of(python, script("h11-oracle.py")));
            }
        }
        return org.junit.jupiter.api.Assumptions.abort("Python's h11 is not installed (Debian: python3-h11)");
    }

    /** The parser of Node's server and client. */
    static HttpOracle node() throws IOException {
        return new HttpOracle("node", List.of(Programs.required("node"), "--no-deprecation", script("node-oracle.js")));
    }

    private static boolean works(String... command) {
        try {
            return Programs.run(new ProcessBuilder(command)).status() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static String script(String name) throws IOException {
        try (var in = HttpOracle.class.getResourceAsStream("/http/" + name)) {
            Path file = Files.createTempFile("rill-", name);
            file.toFile().deleteOnExit();
            Files.write(file, in.readAllBytes());
            return file.toString();
        }
    }

    /** Passes all cases to the parser. */
    List<Verdict> judge(List<Case> cases) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var in = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            var writing = CompletableFuture.runAsync(() -> write(process, cases));
            var verdicts = new ArrayList<Verdict>();
            for (Case each : cases) {
                String line = in.readLine();
                if (line == null) {
                    throw new IOException(name + " has ended at " + each);
                }
                verdicts.add(verdict(line));
            }
            writing.join();
            return verdicts;
        } finally {
            Programs.end(process);
        }
    }

    private static void write(Process process, List<Case> cases) {
        try (var out = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8))) {
            for (Case each : cases) {
                out.write(each.line());
                out.newLine();
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Verdict verdict(String line) {
        List<String> parts = List.of(line.split("\t", -1));
        String status = parts.getFirst();
        boolean fails = !status.equals("ok") && !status.equals("waits");
        String error = fails ? status.replaceAll("[^ -~]", "?") : "";
        return new Verdict(error, status.equals("waits"), false, parts.subList(1, parts.size()));
    }
}
