package rill.codec.tls;

import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.X509TrustManager;

/** Trust decisions that don't involve the JDK. */
final class Trust {
    private Trust() {}

    static List<X509Certificate> notEmpty(List<X509Certificate> roots) {
        List<X509Certificate> copy = List.copyOf(roots);
        if (copy.isEmpty()) {
            throw new IllegalArgumentException("who trusts no certificate at all can talk to nobody");
        }
        return copy;
    }

    /** Trusts every certificate. */
    static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
