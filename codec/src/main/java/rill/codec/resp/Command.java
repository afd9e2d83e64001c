package rill.codec.resp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A RESP request: a name and arguments, each of them bytes. Immutable; holds no buffer.
 *
 * <pre>
 * Command.of("SET", "key").with(bytes).with("EX").with(60)
 * </pre>
 *
 * <p><b>Ownership:</b> byte arrays are not copied, neither those passed in nor those returned: they must not be changed afterwards.
 *
 * <p><b>Errors:</b> a text with an unpaired surrogate is refused when the command is written ({@link IllegalArgumentException}).
 */
public final class Command {
    /** Each is a String or a byte[]. A text becomes bytes only in the outgoing buffer. Never changed. */
    private final Object[] parts;

    private Command(Object[] parts) {
        this.parts = parts;
    }

    /** Takes the array that the reader has filled and does not use any more. */
    static Command ofParts(Object[] parts) {
        return new Command(parts);
    }

    /** A command without arguments. */
    public static Command of(String name) {
        return new Command(new Object[] {required(name)});
    }

    /** A command with one argument, in UTF-8. */
    public static Command of(String name, String argument) {
        return new Command(new Object[] {required(name), required(argument)});
    }

    /** A command with two arguments, in UTF-8. */
    public static Command of(String name, String first, String second) {
        return new Command(new Object[] {required(name), required(first), required(second)});
    }

    /** A command of texts in UTF-8, its name first. */
    public static Command of(String... parts) {
        return new Command(copy(parts));
    }

    /** A command of bytes, its name first. */
    public static Command of(byte[]... parts) {
        return new Command(copy(parts));
    }

    /** A command of bytes, its name first. */
    public static Command of(List<byte[]> parts) {
        return new Command(copy(parts.toArray()));
    }

    private static Object[] copy(Object[] parts) {
        if (parts.length == 0) {
            throw new IllegalArgumentException("a command has at least a name");
        }
        Object[] copy = new Object[parts.length];
        for (int i = 0; i < parts.length; i++) {
            copy[i] = required(parts[i]);
        }
        return copy;
    }

    private static Object required(@Nullable Object part) {
        if (part == null) {
            throw new NullPointerException("a part of a command");
        }
        return part;
    }

    /** Returns this command with one more argument. */
    public Command with(byte[] argument) {
        return plus(argument);
    }

    /** Returns this command with one more argument, in UTF-8. */
    public Command with(String argument) {
        return plus(argument);
    }

    /** Returns this command with one more argument, a decimal number. */
    public Command with(long argument) {
        return plus(Long.toString(argument));
    }

    private Command plus(Object argument) {
        Object[] longer = Arrays.copyOf(parts, parts.length + 1);
        longer[parts.length] = required(argument);
        return new Command(longer);
    }

    // ---- content

    /** The number of parts: the name and the arguments. */
    public int size() {
        return parts.length;
    }

    /** The first part, with ASCII letters in upper case. Common names are not allocated. */
    public String name() {
        if (parts[0] instanceof String text && isUpperCaseAscii(text)) {
            return text;
        }
        byte[] bytes = bytes(0);
        String known = KnownNames.findAnyCase(bytes);
        if (known != null) {
            return known;
        }
        byte[] upper = bytes.clone();
        for (int i = 0; i < upper.length; i++) {
            if (upper[i] >= 'a' && upper[i] <= 'z') {
                upper[i] = (byte) (upper[i] - ('a' - 'A'));
            }
        }
        return new String(upper, StandardCharsets.UTF_8);
    }

    /** The name for messages, made of nothing new: as it was given, or "a command" if that is in bytes and not common. */
    String label() {
        if (parts[0] instanceof String text) {
            return text;
        }
        String known = KnownNames.findAnyCase(bytes(0));
        return known == null ? "a command" : known;
    }

    private static boolean isUpperCaseAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x80 || (c >= 'a' && c <= 'z')) {
                return false;
            }
        }
        return true;
    }

    /** The bytes of a part; 0 is the name. Not a copy if the part was passed as bytes. */
    public byte[] bytes(int index) {
        return parts[index] instanceof byte[] bytes ? bytes : ((String) parts[index]).getBytes(StandardCharsets.UTF_8);
    }

    /** A part as text in UTF-8; 0 is the name. Malformed bytes are replaced. */
    public String string(int index) {
        return parts[index] instanceof String text ? text : new String((byte[]) parts[index], StandardCharsets.UTF_8);
    }

    /** A part as it is stored: a String or a byte[]. */
    Object part(int index) {
        return parts[index];
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Command that) || parts.length != that.parts.length) {
            return false;
        }
        for (int i = 0; i < parts.length; i++) {
            if (!Arrays.equals(bytes(i), that.bytes(i))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = 0; i < parts.length; i++) {
            hash = 31 * hash + Arrays.hashCode(bytes(i));
        }
        return hash;
    }

    /** Shows only the name: arguments may be secret, or large. */
    @Override
    public String toString() {
        return "Command[" + name() + ", " + (parts.length - 1) + " arguments]";
    }
}
