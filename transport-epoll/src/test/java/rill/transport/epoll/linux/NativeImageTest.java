package rill.transport.epoll.linux;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Compares the configuration for native images with what the code does. Does not try to build an image. */
class NativeImageTest {
    private static final JavaClasses MODULE = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("rill.transport.epoll");

    private static final Map<MemoryLayout, String> NAMES =
            Map.of(ValueLayout.JAVA_LONG, "jlong", ValueLayout.JAVA_INT, "jint", ValueLayout.ADDRESS, "void*");

    private static String metadata() throws IOException {
        String name = "/META-INF/native-image/dev.rill/rill-transport-epoll/reachability-metadata.json";
        try (InputStream file = NativeImageTest.class.getResourceAsStream(name)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8).replaceAll("\\s", "");
        }
    }

    private static List<FunctionDescriptor> shapes() throws ReflectiveOperationException {
        var shapes = new ArrayList<FunctionDescriptor>();
        var homes = new ArrayList<Class<?>>(List.of(LibC.class.getDeclaredClasses()));
        homes.addFirst(LibC.class);
        for (Class<?> home : homes) {
            for (Field field : home.getDeclaredFields()) {
                if (field.getType() == FunctionDescriptor.class) {
                    field.setAccessible(true);
                    shapes.add((FunctionDescriptor) field.get(null));
                }
            }
        }
        return shapes;
    }

    private static String json(FunctionDescriptor shape) {
        String parameters = shape.argumentLayouts().stream()
                .map(each -> "\"" + NAMES.get(each) + "\"")
                .collect(Collectors.joining(","));
        return "{\"returnType\":\"" + NAMES.get(shape.returnLayout().orElseThrow()) + "\",\"parameterTypes\":["
                + parameters + "],\"options\":{\"captureCallState\":true}}";
    }

    @Test
    void the_metadata_for_native_images_are_the_shapes_of_calls_that_are_linked_and_no_others()
            throws IOException, ReflectiveOperationException {
        String expected = shapes().stream().map(NativeImageTest::json).collect(Collectors.joining(","));
        assertThat(metadata()).isEqualTo("{\"foreign\":{\"downcalls\":[" + expected + "]}}");
    }

    @Test
    void every_shape_of_a_call_is_a_constant_of_the_class_that_links_and_as_many_are_made_as_there_are_constants()
            throws ReflectiveOperationException {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName(LibC.class.getName())
                .and()
                .doNotHaveFullyQualifiedName(LibC.class.getName() + "$Words")
                .should()
                .dependOnClassesThat()
                .belongToAnyOf(FunctionDescriptor.class, Linker.class)
                .check(MODULE);
        assertThat(calls(FunctionDescriptor.class, "of")).isEqualTo(shapes().size());
        assertThat(calls(FunctionDescriptor.class, "ofVoid")).isZero();
        assertThat(calls(Linker.class, "downcallHandle")).isEqualTo(1);
        assertThat(calls(Linker.class, "upcallStub")).isZero();
    }

    private static long calls(Class<?> owner, String name) {
        return MODULE.stream()
                .flatMap(each -> each.getAccessesFromSelf().stream())
                .map(JavaAccess::getTarget)
                .filter(target -> target.getOwner().isEquivalentTo(owner)
                        && target.getName().equals(name))
                .count();
    }
}
