package rill.testkit;

import io.netty.util.ResourceLeakDetector;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that leaves a descriptor, a thread, a buffer or direct memory behind, and names the leak. Use it with {@code @ExtendWith}.
 *
 * <p>It counts all descriptors other than those of files (where {@code /proc} is available); all platform threads, daemons or not, other than the
 * JDK's own; every buffer that Netty's leak detector tracks (all direct and pooled ones, and the chunks of a loop; its level is set to paranoid); and
 * direct memory of the JDK that a garbage collection does not bring back. Whatever lives on for some seconds by design, such as a pool's idle thread,
 * is not counted. Descriptors are told apart by kind, so that a closed one and a newly opened one do not cancel out.
 *
 * <p><b>Not guaranteed:</b> that tests running at the same time in this JVM are told apart; that direct memory of less than some megabytes is
 * noticed, since the JDK keeps that much itself; that a virtual thread is seen.
 */
public final class Leaks implements BeforeEachCallback, AfterEachCallback {
    /**
     * A JUnit configuration parameter: how long leftovers may take to go away, in ISO 8601. Tests that plant leaks shorten it, since each of them
     * would wait for the default of 5 s.
     */
    static final String PATIENCE = "rill.testkit.leaks.patience";

    private static final Duration USUAL_PATIENCE = Duration.ofSeconds(5);
    private static final long DIRECT_SLACK = 16 * 1024 * 1024;
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final List<String> POOLS = List.of(
            "rill-resolver-",
            "rill-blocking-",
            "rill-carrier-",
            "rill-watchdog",
            "rill-reports",
            "rill-memory",
            "rill-simulation-watch");

    /** Threads that live as long as the process: those of the JDK, of JUnit, and of the tools by which tests reach servers. */
    private static final List<String> THEIRS = List.of(
            "ForkJoinPool",
            "junit-",
            "Cleaner-",
            "process reaper",
            "HttpClient-",
            "Keep-Alive-",
            "ducttape-",
            "testcontainers-",
            "docker-java-",
            "surefire-",
            "JNA Cleaner");

    private static final Set<String> FILES = Set.of("/dev/null", "/dev/random", "/dev/urandom");
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(Leaks.class);

    private static final AtomicBoolean WARM = new AtomicBoolean();

    /** Made by JUnit. */
    public Leaks() {
        if (WARM.compareAndSet(false, true)) {
            ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
            warmUp(); // not in the class's initializer, for which the threads that it starts would wait
        }
    }

    /** Everything open at one moment. */
    private record Snapshot(
            Map<String, String> descriptors, Set<Thread> threads, Set<Object> buffers, long directMemory) {
        static Snapshot take() {
            return new Snapshot(
                    openDescriptors(),
                    relevantThreads(),
                    trackedBuffers(),
                    Native.now().bytes());
        }

        List<String> surplusOf(Snapshot later) {
            var surplus = new ArrayList<String>();
            later.descriptors.forEach((number, target) -> {
                if (!target.equals(descriptors.get(number))) {
                    surplus.add("descriptor " + number + " -> " + target);
                }
            });
            later.threads.stream()
                    .filter(each -> !threads.contains(each))
                    .forEach(each -> surplus.add("thread " + each.getName()));
            later.buffers.stream()
                    .filter(each -> !buffers.contains(each))
                    .forEach(each ->
                            lastTouchOf(each).ifPresent(touch -> surplus.add("buffer, touched last at " + touch)));
            long grown = later.directMemory - directMemory;
            if (grown > DIRECT_SLACK) {
                System.gc(); // in case it is merely not collected yet
                surplus.add("memory outside of the heap, " + grown + " bytes");
            }
            return surplus;
        }
    }

    /** Returns empty if the buffer was released while its tracker was being described: Netty's trackers fail then. */
    private static Optional<String> lastTouchOf(Object tracker) {
        try {
            return Optional.of(tracker.toString());
        } catch (NegativeArraySizeException closedMeanwhile) {
            return Optional.empty();
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        context.getStore(NAMESPACE).put(Snapshot.class, Snapshot.take());
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Snapshot before = Objects.requireNonNull(context.getStore(NAMESPACE).remove(Snapshot.class, Snapshot.class));
        Duration patience =
                context.getConfigurationParameter(PATIENCE).map(Duration::parse).orElse(USUAL_PATIENCE);
        long deadline = System.nanoTime() + patience.toNanos();
        List<String> surplus = before.surplusOf(Snapshot.take());
        while (!surplus.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(1_000_000);
            surplus = before.surplusOf(Snapshot.take());
        }
        if (!surplus.isEmpty()) {
            throw new AssertionError(
                    "left behind by " + context.getDisplayName() + ":\n  " + String.join("\n  ", surplus));
        }
    }

    private static Map<String, String> openDescriptors() {
        var open = new HashMap<String, String>();
        if (!Files.isDirectory(DESCRIPTORS)) {
            return open;
        }
        try (var each = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path number : each) {
                String target = targetOf(number);
                boolean device = target.startsWith("/dev/") && !FILES.contains(target);
                if (!target.isEmpty() && (!target.startsWith("/") || device || target.startsWith("/memfd:"))) {
                    open.put(number.getFileName().toString(), target);
                }
            }
        } catch (IOException e) {
            throw new AssertionError("reading " + DESCRIPTORS, e);
        }
        return open;
    }

    private static String targetOf(Path number) {
        try {
            return Files.readSymbolicLink(number).toString();
        } catch (IOException goneMeanwhile) {
            return "";
        }
    }

    private static Set<Thread> relevantThreads() {
        var relevant = new HashSet<Thread>();
        for (Thread thread : platformThreads()) {
            String name = thread.getName();
            ThreadGroup group = thread.getThreadGroup();
            boolean theJdks = group == null
                    || group.getParent() == null
                    || group.getName().contains("Innocuous");
            if (!theJdks
                    && POOLS.stream().noneMatch(name::startsWith)
                    && THEIRS.stream().noneMatch(name::startsWith)) {
                relevant.add(thread);
            }
        }
        return relevant;
    }

    /** Returns all that are alive, without the stacks of {@link Thread#getAllStackTraces}, for which every thread would have to stop. */
    private static List<Thread> platformThreads() {
        ThreadGroup all = Objects.requireNonNull(Thread.currentThread().getThreadGroup());
        for (ThreadGroup parent = all.getParent(); parent != null; parent = parent.getParent()) {
            all = parent;
        }
        var threads = new Thread[64];
        int count = all.enumerate(threads);
        while (count == threads.length) { // perhaps there are more
            threads = new Thread[2 * threads.length];
            count = all.enumerate(threads);
        }
        return List.of(Arrays.copyOf(threads, count));
    }

    /** Returns everything tracked at this moment; the detector itself would notice a leak only after a garbage collection. */
    private static Set<Object> trackedBuffers() {
        var tracked = new HashSet<Object>();
        try {
            for (ResourceLeakDetector<?> detector : detectors()) {
                tracked.addAll(
                        (Set<?>) field(ResourceLeakDetector.class, "allLeaks").get(detector));
            }
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("Netty's leak detector has changed", e);
        } catch (InaccessibleObjectException e) {
            throw new AssertionError("""
                    Looking for leaked buffers needs a look into Netty and Rill, which modules don't give by themselves. Either run \
                    the tests on the class path (for Maven: <useModulePath>false</useModulePath> in the configuration of \
                    maven-surefire-plugin), or start the JVM of the tests (for Maven: in its <argLine>) with
                      --add-opens rill.core/rill=%1$s --add-opens io.netty.common/io.netty.util=%1$s \
                    --add-opens io.netty.buffer/io.netty.buffer=%1$s""".formatted(whoLooks()), e);
        }
        return tracked;
    }

    /** Returns the name of the module that needs the access. Surefire has on the class path what the module under test does not require. */
    private static String whoLooks() {
        Module module = Leaks.class.getModule();
        return module.isNamed() ? module.getName() : "ALL-UNNAMED";
    }

    private static List<ResourceLeakDetector<?>> detectors() throws ReflectiveOperationException {
        return List.of(
                (ResourceLeakDetector<?>) field(Class.forName("io.netty.buffer.AbstractByteBuf"), "leakDetector")
                        .get(null),
                (ResourceLeakDetector<?>)
                        field(Class.forName("rill.Chunk"), "LEAKS").get(null));
    }

    private static Field field(Class<?> owner, String name) throws NoSuchFieldException {
        Field field = owner.getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }

    /** Makes the JDK open the descriptors that it opens once and keeps: those that its sockets and pollers share. */
    private static void warmUp() {
        try {
            Thread.ofVirtual().start(Leaks::connectOnce).join();
            connectOnce();
            Selector.open().close();
        } catch (IOException e) {
            throw new AssertionError("warming up", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void connectOnce() {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var client = new Socket(server.getInetAddress(), server.getLocalPort());
                Socket accepted = server.accept()) {
            client.setSoTimeout(1);
            Thread.ofVirtual().start(() -> writeByte(accepted)).join();
            if (client.getInputStream().read() != 1) {
                throw new AssertionError("the loopback does not work");
            }
        } catch (java.net.SocketTimeoutException slow) {
            // It was opened, which is all that matters.
        } catch (IOException e) {
            throw new AssertionError("warming up", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void writeByte(Socket socket) {
        try {
            socket.getOutputStream().write(1);
        } catch (IOException e) {
            throw new AssertionError("warming up", e);
        }
    }
}
