// Receives the webhook {{name}} at http://127.0.0.1:{{port}}{{path}}. .NET Core 2.1 or later, or Mono:
//   LIMEHOOK_SECRET=whsec_… dotnet run
using System;
using System.Collections.Specialized;
using System.IO;
using System.Linq;
using System.Net;
using System.Security.Cryptography;
using System.Text;

static class Verify
{
    // `body` is what came, byte for byte: verify it before parsing it.
    static bool IsGenuine(byte[] key, NameValueCollection headers, byte[] body)
    {
        string timestamp = headers["webhook-timestamp"] ?? "";
        long seconds;
        if (!long.TryParse(timestamp, out seconds)) return false;
        double age = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - (double)seconds;
        if (Math.Abs(age) > 300) return false;  // older than five minutes: somebody may be repeating it
        byte[] head = Encoding.UTF8.GetBytes(headers["webhook-id"] + "." + timestamp + ".");
        using (var hmac = new HMACSHA256(key))
        {
            string expected = "v1," + Convert.ToBase64String(hmac.ComputeHash(head.Concat(body).ToArray()));
            // While a secret is being rotated there are two signatures, with a space between.
            return (headers["webhook-signature"] ?? "").Split(' ').Any(given => CryptographicOperations.FixedTimeEquals(
                Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected)));
        }
    }

    static void Main()
    {
        string secret = Environment.GetEnvironmentVariable("LIMEHOOK_SECRET") ?? "";
        if (!secret.StartsWith("whsec_")) throw new InvalidOperationException("LIMEHOOK_SECRET is not set");
        byte[] key = Convert.FromBase64String(secret.Substring("whsec_".Length));
        var listener = new HttpListener();
        listener.Prefixes.Add("http://127.0.0.1:{{port}}/");
        listener.Start();
        while (true)
        {
            HttpListenerContext context = listener.GetContext();
            var body = new MemoryStream();
            context.Request.InputStream.CopyTo(body);
            bool here = context.Request.Url.AbsolutePath == "{{path}}";
            bool genuine = here && IsGenuine(key, context.Request.Headers, body.ToArray());
            context.Response.StatusCode = !here ? 404 : genuine ? 200 : 401;
            context.Response.Close();
            if (!genuine) continue;
            // Put it in a queue; drop ids that you have seen.
            Console.WriteLine(context.Request.Headers["webhook-id"] + " " + Encoding.UTF8.GetString(body.ToArray()));
        }
    }
}
