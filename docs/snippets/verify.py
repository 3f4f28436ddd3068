# Receives the webhook {{name}} at http://127.0.0.1:{{port}}{{path}}. Python 3.8 or later:
#   LIMEHOOK_SECRET=whsec_… python3 verify.py
import base64
import hashlib
import hmac
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

secret = os.environ["LIMEHOOK_SECRET"]
if not secret.startswith("whsec_"):
    raise SystemExit("LIMEHOOK_SECRET is not a secret of Limehook")
key = base64.b64decode(secret[len("whsec_"):])


def is_genuine(headers, body: bytes) -> bool:
    """`body` is what came, byte for byte: verify it before parsing it."""
    identifier = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > 300:
        return False  # older than five minutes: somebody may be repeating it
    mac = hmac.new(key, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(mac)
    # While a secret is being rotated there are two signatures, with a space between.
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(one.encode(), expected) for one in given)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path.split("?")[0] != "{{path}}":
            return self.answer(404)
        if not is_genuine(self.headers, body):
            return self.answer(401)
        self.answer(200)  # answer first, work afterwards
        print(self.headers["webhook-id"], body.decode())  # drop ids that you have seen

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", {{port}}), Receiver).serve_forever()
