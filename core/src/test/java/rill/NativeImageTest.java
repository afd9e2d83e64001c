package rill;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The reflection metadata for native images, compared with the reflection in the code. Does not try to build an image. */
class NativeImageTest {
    private static final JavaClasses CORE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("rill");

    @Test
    void the_metadata_for_native_images_name_the_one_constructor_that_is_found_by_reflection()
            throws IOException, ReflectiveOperationException {
        String name = "/META-INF/native-image/dev.rill/rill-core/reachability-metadata.json";
        String metadata;
        try (InputStream file = NativeImageTest.class.getResourceAsStream(name)) {
            metadata = new String(file.readAllBytes(), StandardCharsets.UTF_8).replaceAll("\\s", "");
        }
        var found = MountedCoroutine.BUILDER;
        assertThat(found).isNotNull();
        assertThat(metadata)
                .isEqualTo("{\"reflection\":[{\"type\":\""
                        + found.getDeclaringClass().getName()
                        + "\",\"methods\":[{\"name\":\"<init>\",\"parameterTypes\":[\""
                        + found.getParameterTypes()[0].getName() + "\"]}]}]}");
    }

    @Test
    void nothing_else_is_found_by_its_name() {
        Set<String> reflecting = CORE.stream()
                .flatMap(each -> each.getAccessesFromSelf().stream())
                .filter(access -> {
                    String target = access.getTargetOwner().getName() + "." + access.getName();
                    return target.equals("java.lang.Class.forName")
                            || target.startsWith("java.lang.Class.getDeclared")
                            || target.startsWith("java.lang.Class.getMethod")
                            || target.startsWith("java.lang.ClassLoader.loadClass");
                })
                .map(access -> access.getOriginOwner().getName())
                .collect(Collectors.toSet());
        assertThat(reflecting).containsExactly(MountedCoroutine.class.getName());
    }
}
