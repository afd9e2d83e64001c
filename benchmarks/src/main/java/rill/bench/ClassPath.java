package rill.bench;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The jars that the harness was started with, and those that each contender needs. */
final class ClassPath {
    private final List<Path> all;

    ClassPath(List<Path> all) {
        this.all = all;
    }

    static ClassPath ofThisProcess() {
        // Surefire starts tests from a jar that only names the others.
        String text = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<Path> paths = new ArrayList<>();
        for (String each : text.split(File.pathSeparator, -1)) {
            paths.add(Path.of(each));
        }
        return new ClassPath(paths);
    }

    /** Returns the fewest jars that work; all of them if some are not jars, as in a build without packaging. */
    String of(Contender contender) {
        List<Path> chosen = needed(contender)
                .map(jars -> {
                    List<Path> withOurs = new ArrayList<>(jars);
                    all.stream().filter(ClassPath::isOurs).forEach(withOurs::add);
                    return withOurs;
                })
                .orElse(all);
        return String.join(
                File.pathSeparator, chosen.stream().map(Path::toString).toList());
    }

    /** Whether this build has been packaged. */
    boolean onlyJars() {
        return all.stream().allMatch(ClassPath::isJar);
    }

    /** Returns the libraries that the contender names, or empty if one is not available as a jar. */
    Optional<List<Path>> needed(Contender contender) {
        List<Path> jars = new ArrayList<>();
        for (String artifact : contender.jars()) {
            List<Path> found =
                    all.stream().filter(path -> isVersionOf(artifact, path)).toList();
            if (found.isEmpty()) {
                return Optional.empty();
            }
            jars.addAll(found);
        }
        return Optional.of(jars);
    }

    /** {@code netty-buffer} is the artifact of {@code netty-buffer-4.2.jar}; {@code *} stands for all. */
    private static boolean isVersionOf(String artifact, Path path) {
        String name = path.getFileName().toString();
        return isJar(path)
                && (artifact.equals("*")
                        || (name.startsWith(artifact + "-") && Character.isDigit(name.charAt(artifact.length() + 1))));
    }

    /** Whether this path contains the measured programs. */
    private static boolean isOurs(Path path) {
        return !isJar(path) || path.endsWith("rill-benchmarks.jar");
    }

    private static boolean isJar(Path path) {
        return path.toString().endsWith(".jar");
    }

    static long bytes(List<Path> jars) {
        return jars.stream()
                .mapToLong(jar -> {
                    try {
                        return Files.size(jar);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                })
                .sum();
    }

    /** Returns the version in the name of a jar, for the report. */
    Optional<String> version(String artifact) {
        return all.stream()
                .filter(path -> isVersionOf(artifact, path))
                .map(path -> path.getFileName().toString())
                .map(name -> name.substring(artifact.length() + 1, name.length() - ".jar".length()))
                .findFirst();
    }
}
