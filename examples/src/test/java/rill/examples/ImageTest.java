package rill.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.ModuleAttribute;
import java.lang.constant.ModuleDesc;
import java.lang.constant.PackageDesc;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo in its own run-time image, as in docs/operating.md; and as a jar whose manifest opens what it needs. */
@Tag("slow")
class ImageTest {
    private static final List<String> ROOTS = List.of(
            "rill.examples", "rill.transport.nio", "rill.transport.epoll"); // the latter two are services, not required

    @TempDir
    Path folder;

    @Test
    void the_demo_runs_in_an_image_that_has_nothing_else() throws IOException, InterruptedException {
        Map<String, ModuleReference> modules = needed();
        Path image = folder.resolve("image");
        List<String> path = new ArrayList<>();
        for (ModuleReference each : modules.values()) {
            path.add(explicit(each).toString());
        }
        Programs.Result linked = Programs.run(new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
                "--module-path",
                String.join(File.pathSeparator, path),
                "--add-modules",
                String.join(",", ROOTS),
                "--ignore-signing-information",
                "--output",
                image.toString()));
        assertThat(linked.status()).as(linked.all()).isZero();
        String java = image.resolve("bin").resolve("java").toString();
        Programs.Result list = Programs.run(new ProcessBuilder(java, "--list-modules"));
        assertThat(list.output())
                .contains("rill.core", "rill.transport.epoll")
                .doesNotContain("jdk.jfr", "java.desktop");
        Programs.Result ran = Programs.run(new ProcessBuilder(
                java,
                "--add-opens",
                "java.base/java.lang=rill.core",
                "--enable-native-access=rill.transport.epoll",
                "-m",
                "rill.examples/rill.examples.Main",
                "two-loads"));
        assertThat(ran.status()).as(ran.all()).isZero();
        assertThat(ran.errors()).isEmpty();
    }

    /** The modules that the roots require, from this test's class path, whose classes must be compiled as modules. */
    private static Map<String, ModuleReference> needed() {
        Map<String, ModuleReference> all = new HashMap<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path place = Path.of(entry);
            boolean tests = entry.contains("test-classes") || entry.endsWith("-tests.jar");
            if (!tests && Files.exists(place)) {
                ModuleFinder.of(place)
                        .findAll()
                        .forEach(found -> all.putIfAbsent(found.descriptor().name(), found));
            }
        }
        assumeTrue(all.containsKey("rill.examples"), "left out by nature: this build makes no modules");
        Map<String, ModuleReference> needed = new TreeMap<>();
        var open = new ArrayDeque<>(ROOTS);
        while (!open.isEmpty()) {
            ModuleReference next = all.get(open.remove());
            if (next != null && needed.putIfAbsent(next.descriptor().name(), next) == null) {
                next.descriptor().requires().stream()
                        .filter(each -> !each.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC))
                        .forEach(each -> open.add(each.name()));
                if (next.descriptor().name().equals("io.netty.buffer")) {
                    open.add("io.netty.common");
                }
            }
        }
        return needed;
    }

    /** Returns the location of a module that an image can contain: a copy with a descriptor if the module has none. */
    private Path explicit(ModuleReference module) throws IOException {
        Path place = Path.of(module.location().orElseThrow());
        if (!module.descriptor().isAutomatic()) {
            return place;
        }
        Path copy = folder.resolve(module.descriptor().name() + ".jar");
        try (var jar = new JarFile(place.toFile());
                var out = new JarOutputStream(Files.newOutputStream(copy))) {
            out.putNextEntry(new JarEntry("module-info.class"));
            out.write(descriptor(module.descriptor()));
            for (JarEntry entry : jar.stream().toList()) {
                if (entry.getName().endsWith(".class") && !entry.getName().startsWith("META-INF/")) {
                    out.putNextEntry(new JarEntry(entry.getName()));
                    try (InputStream bytes = jar.getInputStream(entry)) {
                        bytes.transferTo(out);
                    }
                }
            }
        }
        return copy;
    }

    private static byte[] descriptor(ModuleDescriptor automatic) {
        var attribute = ModuleAttribute.of(ModuleDesc.of(automatic.name()), module -> {
            module.requires(ModuleDesc.of("java.base"), ClassFile.ACC_MANDATED, null);
            module.requires(ModuleDesc.of("java.logging"), 0, null);
            module.requires(ModuleDesc.of("jdk.unsupported"), 0, null);
            if (automatic.name().equals("io.netty.buffer")) {
                module.requires(ModuleDesc.of("io.netty.common"), ClassFile.ACC_TRANSITIVE, null);
            }
            automatic.packages().forEach(each -> module.exports(PackageDesc.of(each), 0));
        });
        return ClassFile.of().buildModule(attribute);
    }

    // ---- as a jar

    @Test
    void a_manifest_opens_to_a_program_on_the_class_path_what_it_needs() throws IOException, InterruptedException {
        Path jar = folder.resolve("program.jar");
        var manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.put(Attributes.Name.MAIN_CLASS, "rill.examples.Main");
        main.putValue("Add-Opens", "java.base/java.lang");
        main.putValue("Enable-Native-Access", "ALL-UNNAMED");
        var path = new ArrayList<String>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            path.add(Path.of(entry).toAbsolutePath().toUri().toString());
        }
        main.put(Attributes.Name.CLASS_PATH, String.join(" ", path));
        new JarOutputStream(Files.newOutputStream(jar), manifest).close();
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Programs.Result ran = Programs.run(new ProcessBuilder(
                java, "-Dorg.slf4j.simpleLogger.defaultLogLevel=debug", "-jar", jar.toString(), "two-loads"));
        assertThat(ran.status()).as(ran.all()).isZero();
        assertThat(ran.all()).doesNotContain("WARNING").doesNotContain("for the faster MOUNTED");
    }
}
