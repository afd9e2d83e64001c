package rill;

/** Names unnamed work in reports: by its class. */
final class ActionNames {
    /** The class name of a lambda contains an address, which differs from run to run and is of no use. */
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
