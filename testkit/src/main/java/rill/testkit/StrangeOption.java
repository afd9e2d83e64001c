package rill.testkit;

import java.net.SocketOption;

/** An option that no transport has. */
final class StrangeOption implements SocketOption<Boolean> {
    static final StrangeOption INSTANCE = new StrangeOption("NO_SUCH_OPTION");
    static final StrangeOption ANOTHER = new StrangeOption("NOR_THIS_ONE");

    private final String name;

    private StrangeOption(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Class<Boolean> type() {
        return Boolean.class;
    }
}
