package rill;

/** What reports call work that was given no name: its class. */
final class ActionNames {
    /** A lambda's class has an address in its name, which differs from run to run and tells nobody anything. */
    private static final ClassValue<String> NAMES = new ClassValue<>() {
        @Override
        protected String computeValue(Class<?> type) {
            String full = type.getName();
            return type.isHidden() ? full.substring(0, full.indexOf('/')) : full;
        }
    };

    private ActionNames() {}

    static String of(Object action) {
        Object named = action instanceof WithoutResult(ThrowingRunnable body) ? body : action;
        return NAMES.get(named.getClass());
    }
}
