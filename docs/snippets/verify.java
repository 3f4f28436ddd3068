// Receives the webhook {{name}} at http://127.0.0.1:{{port}}{{path}}. Java 17 or later:
//   LIMEHOOK_SECRET=whsec_… java verify.java
import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

class Verify {
    // `body` is what came, byte for byte: verify it before parsing it.
    static boolean isGenuine(byte[] key, Headers headers, byte[] body) throws GeneralSecurityException {
        String id = headers.getFirst("webhook-id");
        String timestamp = headers.getFirst("webhook-timestamp");
        String signatures = headers.getFirst("webhook-signature");
        if (id == null || timestamp == null || signatures == null || !timestamp.matches("[0-9]{1,15}")) return false;
        long age = Math.abs(Instant.now().getEpochSecond() - Long.parseLong(timestamp));
        if (age > 300) return false;  // older than five minutes: somebody may be repeating it
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        mac.update((id + "." + timestamp + ".").getBytes(UTF_8));
        String expected = "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
        // While a secret is being rotated there are two signatures, with a space between.
        for (String given : signatures.split(" ")) {
            if (MessageDigest.isEqual(given.getBytes(UTF_8), expected.getBytes(UTF_8))) return true;
        }
        return false;
    }

    public static void main(String[] args) throws Exception {
        String secret = System.getenv("LIMEHOOK_SECRET");
        if (secret == null || !secret.startsWith("whsec_")) throw new IllegalStateException("LIMEHOOK_SECRET?");
        byte[] key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", {{port}}), 0);
        server.createContext("{{path}}", exchange -> {
            try (exchange) {
                byte[] body = exchange.getRequestBody().readAllBytes();
                boolean genuine = isGenuine(key, exchange.getRequestHeaders(), body);
                exchange.sendResponseHeaders(genuine ? 200 : 401, -1);
                if (!genuine) return;
                // Put it in a queue; drop ids that you have seen.
                String id = exchange.getRequestHeaders().getFirst("webhook-id");
                System.out.println(id + " " + new String(body, UTF_8));
            } catch (GeneralSecurityException error) {
                throw new IllegalStateException(error);
            }
        });
        server.start();
    }
}
