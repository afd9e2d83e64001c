package rill.codec.tls;

/** The supported versions of TLS. */
public enum TlsVersion {
    /** RFC 5246. */
    TLS_1_2("TLSv1.2"),
    /** RFC 8446. */
    TLS_1_3("TLSv1.3");

    final String name;

    TlsVersion(String name) {
        this.name = name;
    }
}
