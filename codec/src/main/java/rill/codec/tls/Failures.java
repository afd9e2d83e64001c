package rill.codec.tls;

import java.security.cert.CertificateException;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Explains in words why an engine has failed. */
final class Failures {
    /** How the JDK words a fatal alert of the peer: one that it knows, one that it does not (the number is signed), and user_canceled. */
    private static final String FROM_PEER = "Received fatal alert: ";

    private static final String UNKNOWN_FROM_PEER = "Unknown alert description (";
    /** One in plain text, where the peer could send no other. Nothing proves who has sent it, and it only ends what can't go on. */
    private static final String PLAIN_FROM_PEER = "Unexpected plaintext alert received: Level: fatal; Alert: ";

    private static final String CANCELED_BY_PEER = "Received fatal close_notify alert";

    private static final int ECH_REQUIRED = 121;

    /** What an alert of the peer means, and what to do. */
    private static final Map<String, String> BY_PEER = Map.ofEntries(
            Map.entry("bad_certificate", "it does not accept our certificate"),
            Map.entry("unsupported_certificate", "it can do nothing with a certificate like ours"),
            Map.entry("certificate_revoked", "it says that our certificate was revoked"),
            Map.entry("certificate_expired", "it says that our certificate has expired"),
            Map.entry("certificate_unknown", "it does not accept our certificate"),
            Map.entry("unknown_ca", "it does not trust who has issued our certificate"),
            Map.entry("access_denied", "it knows who we are, and does not want us"),
            Map.entry(
                    "certificate_required",
                    "it wants a certificate of ours, and was shown none; give one to identity(...)"),
            Map.entry(
                    "handshake_failure",
                    "it found nothing that both can do: no cipher suite in common, or it wants a certificate of ours"),
            Map.entry("protocol_version", "it speaks no version of TLS that we speak"),
            Map.entry("insufficient_security", "it wants stronger cipher suites than we offer"),
            Map.entry("unrecognized_name", "it has no certificate for the name that it was asked for"),
            Map.entry("no_application_protocol", "it speaks none of the protocols that were offered (ALPN)"),
            Map.entry("internal_error", "something went wrong on its side"),
            Map.entry("user_canceled", "it has given up the handshake"),
            Map.entry("ech_required", "it wants the name encrypted (ECH), which the JDK can't do"));

    private final boolean client;
    private final String peer;

    Failures(boolean client, String peer) {
        this.client = client;
        this.peer = peer;
    }

    /** For a failure that this side has found. */
    TlsException of(String what, @Nullable String alert) {
        return new TlsException(prefix() + what, alert, false, null);
    }

    TlsTruncatedException truncated(String what) {
        return new TlsTruncatedException(prefix() + what);
    }

    /** Names the peer. */
    String prefix() {
        return "TLS with " + (client ? "" : "the client ") + peer + ": ";
    }

    /** For a failure that an engine, or code that it has called, has thrown. */
    TlsException of(Throwable thrown) {
        if (thrown instanceof TlsException ours) {
            return String.valueOf(ours.getMessage()).startsWith("TLS with ")
                    ? ours
                    : new TlsException(prefix() + ours.getMessage(), ours.alert(), false, ours.getCause());
        }
        String message = String.valueOf(thrown.getMessage());
        String alert = null;
        if (thrown instanceof SSLException && message.startsWith("(") && message.indexOf(") ") > 0) {
            int end = message.indexOf(") ");
            alert = message.substring(1, end);
            message = message.substring(end + 2);
        }
        String byPeer = alertOfPeer(message);
        if (byPeer == null && thrown.getCause() != null) {
            byPeer = plainAlertOfPeer(String.valueOf(thrown.getCause().getMessage()));
        }
        if (byPeer != null) {
            alert = byPeer;
            String meaning = BY_PEER.get(alert);
            return new TlsException(
                    prefix() + "the peer refuses, with the alert " + alert + (meaning == null ? "" : ": " + meaning),
                    alert,
                    true,
                    thrown);
        }
        Verifier.Untrusted untrusted = untrustedIn(thrown);
        if (untrusted != null) {
            return new TlsException(prefix() + untrusted.getMessage(), alert, false, thrown);
        }
        if (message.startsWith("No subject alternative") || message.startsWith("No name matching")) {
            message = "the certificate is not for " + peer.replaceFirst(":\\d+$", "")
                    + "; connect to a host that it is for, or say which is right with" + " hostName(...): " + message;
        }
        Throwable deeper = thrown.getCause();
        String what = !(thrown instanceof SSLException)
                ? thrown.toString()
                : deeper == null || deeper instanceof SSLException || deeper instanceof CertificateException
                        ? message
                        : message + ": " + deeper;
        return new TlsException(prefix() + what, alert, false, thrown);
    }

    /** The alert that the peer has sent, if that is what the engine says. */
    private static @Nullable String alertOfPeer(String message) {
        if (message.startsWith(FROM_PEER)) {
            return message.substring(FROM_PEER.length());
        }
        String rest = message.startsWith(UNKNOWN_FROM_PEER) ? message.substring(UNKNOWN_FROM_PEER.length()) : "";
        if (rest.matches("-?\\d{1,3}\\)")) {
            int number = Integer.parseInt(rest, 0, rest.length() - 1, 10) & 0xFF;
            return number == ECH_REQUIRED ? "ech_required" : Integer.toString(number);
        }
        return message.equals(CANCELED_BY_PEER) ? "user_canceled" : null;
    }

    private static @Nullable String plainAlertOfPeer(String message) {
        return message.startsWith(PLAIN_FROM_PEER) ? message.substring(PLAIN_FROM_PEER.length()) : null;
    }

    private static Verifier.@Nullable Untrusted untrustedIn(Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause()) {
            if (each instanceof Verifier.Untrusted found) {
                return found;
            }
        }
        return null;
    }
}
