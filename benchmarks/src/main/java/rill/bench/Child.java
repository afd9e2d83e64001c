package rill.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process started by the harness. It receives commands as lines on its standard input and answers with lines on its standard output. It ends when
 * its input does, so it never outlives the harness, however that ends.
 */
final class Child implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 30;
    private static final int STDERR_LINES = 20;
    /** Marks the end of its output. */
    private static final String END = "\0";

    private final Process process;
    private final String name;
    private final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final ArrayDeque<String> complaints = new ArrayDeque<>();
    private final Thread complaintsReader;

    private Child(Process process, String name) {
        this.process = process;
        this.name = name;
        reader(process.getInputStream(), lines::add, () -> lines.add(END));
        this.complaintsReader = reader(process.getErrorStream(), this::complain, () -> {});
    }

    /** Starts a command, pinned to a processor unless that is null. */
    static Child start(String name, @Nullable Integer processor, List<String> command) throws IOException {
        List<String> whole = new ArrayList<>();
        if (processor != null) {
            whole.addAll(List.of("taskset", "-c", processor.toString()));
        }
        whole.addAll(command);
        return new Child(new ProcessBuilder(whole).start(), name);
    }

    /** Starts a program that ignores its input; the kernel ends it if the harness dies. */
    static Child leashed(String name, int processor, List<String> command) throws IOException {
        List<String> whole = new ArrayList<>();
        if (Machine.program("setpriv").isPresent()) {
            whole.addAll(List.of("setpriv", "--pdeathsig", "TERM"));
        }
        whole.addAll(command);
        return start(name, processor, whole);
    }

    /** Starts a command whose error output counts as output. */
    static Child startMerged(String name, List<String> command) throws IOException {
        return new Child(new ProcessBuilder(command).redirectErrorStream(true).start(), name);
    }

    private static Thread reader(InputStream stream, java.util.function.Consumer<String> each, Runnable atEnd) {
        return Thread.ofPlatform().daemon().start(() -> {
            try (var in = new BufferedReader(new InputStreamReader(stream, UTF_8))) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    each.accept(line);
                }
            } catch (IOException e) {
                each.accept("(output lost: " + e.getMessage() + ")");
            } finally {
                atEnd.run();
            }
        });
    }

    private void complain(String line) {
        synchronized (complaints) {
            if (complaints.size() == STDERR_LINES) {
                complaints.removeFirst();
            }
            complaints.add(line);
        }
    }

    long pid() {
        return process.pid();
    }

    /** Returns the rest of the next line, which has to begin with {@code word}; anything else is an error, as is silence. */
    String expect(String word) throws IOException {
        return next(word).orElseThrow(() -> failure("said nothing for " + PATIENCE_SECONDS + " s; expected " + word));
    }

    private Optional<String> next(String word) throws IOException {
        String line;
        try {
            line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure("interrupted while waiting for " + word);
        }
        if (line == null) {
            return Optional.empty();
        }
        if (line.startsWith("unavailable ")) {
            throw new LeftOutException(line.substring("unavailable ".length()));
        }
        if (line.equals(END)) {
            throw failure("ended; expected " + word);
        }
        if (!line.equals(word) && !line.startsWith(word + " ")) {
            throw failure("said '" + line + "'; expected " + word);
        }
        return Optional.of(line.substring(word.length()).strip());
    }

    /** Sends a word; the answer begins with the same word and continues with {@code key=value} pairs. */
    Map<String, String> ask(String word) throws IOException {
        OutputStream input = process.getOutputStream();
        try {
            input.write((word + "\n").getBytes(UTF_8));
            input.flush();
        } catch (IOException e) {
            throw failure("does not listen any more (" + e.getMessage() + ")");
        }
        return parse(expect(word));
    }

    static Map<String, String> parse(String answer) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : answer.split(" ", -1)) {
            int equals = part.indexOf('=');
            if (equals > 0) {
                values.put(part.substring(0, equals), part.substring(equals + 1));
            }
        }
        return values;
    }

    Cpu cpu() throws IOException {
        try {
            return Cpu.of(process.pid());
        } catch (IOException e) {
            if (!process.isAlive()) {
                throw new GoneException(failure("has ended, so what it used can't be seen"));
            }
            throw failure("can't be looked at: " + e.getMessage());
        }
    }

    /** A process that is still needed has ended. */
    static final class GoneException extends IOException {
        GoneException(IOException failure) {
            super(failure.getMessage());
        }
    }

    /** Waits until it ends on its own, and returns the lines that it still printed. */
    List<String> rest(int seconds) throws IOException {
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                throw failure("did not end within " + seconds + " s");
            }
            List<String> rest = new ArrayList<>();
            for (String line = lines.take(); !line.equals(END); line = lines.take()) {
                rest.add(line);
            }
            if (process.exitValue() != 0) {
                throw failure("ended with status " + process.exitValue());
            }
            return rest;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure("interrupted");
        }
    }

    private IOException failure(String what) {
        try {
            complaintsReader.join(200);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (complaints) {
            return new IOException(
                    name + " " + what + (complaints.isEmpty() ? "" : ": " + String.join(" | ", complaints)));
        }
    }

    /** Ends it by closing its input; by force, if it has not ended after two seconds. */
    @Override
    public void close() throws IOException {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // it has gone already
        }
        try {
            if (!process.waitFor(2, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** Ends it by a signal, for programs that ignore their input. */
    void terminate() throws IOException {
        process.destroy();
        close();
    }
}
