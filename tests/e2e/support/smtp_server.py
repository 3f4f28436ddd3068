"""A real mail server for tests: aiosmtpd on a port of its own choice, which prints what happens as JSON lines.

Its one argument is a JSON object: port (0: any free one), refuse (recipients it answers 550), busy (how many messages
it answers 451 first), certificate and key (files; with them it offers STARTTLS), tls ("starttls": wants STARTTLS before
mail; "implicit": speaks TLS from the start), user and password (wants authentication).
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

options = json.loads(sys.argv[1])


def tell(**what):
    print(json.dumps(what), flush=True)


class Handler:
    busy = options.get("busy", 0)

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in options.get("refuse", []):
            return "550 5.1.1 no such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.busy > 0:
            self.busy -= 1
            tell(kind="busy")
            return "451 4.3.2 come back later"
        tell(
            kind="mail",
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            content=envelope.original_content.decode("latin-1"),
            tls=session.ssl is not None or options.get("tls") == "implicit",
            user=session.auth_data,
        )
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    user, password = data.login.decode(), data.password.decode()
    good = user == options["user"] and password == options["password"]
    return AuthResult(success=good, auth_data=user, handled=False)


async def serve():
    context = None
    if "certificate" in options:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["certificate"], options["key"])
    implicit = options.get("tls") == "implicit"
    loop = asyncio.get_running_loop()
    handler = Handler()

    def session():
        return SMTP(
            handler,
            hostname="mail.test",
            tls_context=None if implicit else context,
            require_starttls=options.get("tls") == "starttls",
            authenticator=authenticate if "user" in options else None,
            auth_required="user" in options,
            auth_require_tls=False,
            loop=loop,
        )

    server = await loop.create_server(session, "127.0.0.1", options.get("port", 0), ssl=context if implicit else None)
    tell(kind="listening", port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(serve())
