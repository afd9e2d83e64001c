package rill.examples;

import java.net.InetSocketAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Converters for options of the command line. */
final class Arguments {
    private static final int HIGHEST_PORT = 65_535;

    private Arguments() {}

    /** A port to listen at. */
    static final class Port implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            return port(text, 0);
        }
    }

    /** {@code host:port}, with an IPv6 address in brackets. The name is looked up later. */
    static final class Address implements ITypeConverter<InetSocketAddress> {
        @Override
        public InetSocketAddress convert(String text) {
            int colon = text.lastIndexOf(':');
            String host = colon < 0 ? "" : text.substring(0, colon);
            if (host.startsWith("[") && host.endsWith("]")) {
                host = host.substring(1, host.length() - 1);
            } else if (host.contains(":")) {
                host = ""; // an IPv6 address without brackets, so it is unclear where the port begins
            }
            if (host.isBlank()) {
                throw new TypeConversionException("'" + text + "' is not HOST:PORT");
            }
            return InetSocketAddress.createUnresolved(host, port(text.substring(colon + 1), 1));
        }
    }

    private static int port(String text, int lowest) {
        int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : -1;
        if (port < lowest || port > HIGHEST_PORT) {
            throw new TypeConversionException(
                    "'" + text + "' is not a port, a number from " + lowest + " to " + HIGHEST_PORT);
        }
        return port;
    }
}
