package rill.codec.resp;

/** Operations on ASCII text as bytes, without objects. */
final class Ascii {
    private Ascii() {}

    /** Whether the bytes are this text, regardless of case. */
    static boolean equalsIgnoreCase(byte[] bytes, String upperCase) {
        if (bytes.length != upperCase.length()) {
            return false;
        }
        for (int i = 0; i < bytes.length; i++) {
            int b = bytes[i];
            if ((b >= 'a' && b <= 'z' ? b - ('a' - 'A') : b) != upperCase.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
