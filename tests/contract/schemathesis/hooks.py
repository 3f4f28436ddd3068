"""What the document cannot say of right requests, told to Schemathesis, and what keeps its run short.

Right requests (the positive ones) are put right where JSON Schema has no words for a rule: what belongs to what else in
the same request, what only the server can have made, what the clock decides. Wrong ones are sent as they are.
"""

import schemathesis

FUTURE = "2999-01-30T15:00:00Z"
TEAM = "team_001"


NDJSON = "application/x-ndjson"


@schemathesis.serializer(NDJSON)
def ndjson(context, value):
    return value


@schemathesis.hook
def filter_case(context, case):
    """Leaves out what cannot be told apart on the wire, or is told in another way."""
    if case.media_type == NDJSON:  # a text of lines: there is no way to send anything else
        return isinstance(case.body, (str, bytes))
    if case.operation.path == "/v1/events/batch" and isinstance(case.body, list) and case.body:
        return is_positive(case) or len(case.body) > 1000  # an item's mistakes are told in its place, with 202
    return True


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


def put_query_right(query, path):
    for name in ("cursor", "after"):  # only the server makes them
        query.pop(name, None)
    if path.endswith("/stats"):  # since must be before until
        query.pop("since", None)


def put_body_right(body, operation):
    if body.get("expires_at") is not None:
        body["expires_at"] = FUTURE
    if operation in ("createKey", "createInvitation") and body.get("role") in ("manage", "read"):
        body["team_id"] = body.get("team_id") or TEAM  # only a person of one team may leave it out
    if operation == "createInvitation" and body.get("role") == "admin":
        body["team_id"] = None
    if operation == "createNumber":
        body.setdefault("team_id", TEAM)
    if operation == "startRecovery":
        body.pop("since", None)  # until must be after it
        body.pop("until", None)
    for own in ("sample", "payload") if operation != "previewPayload" else ("sample",):
        if operation in ("testWebhook", "previewWebhook", "previewPayload") and isinstance(body.get(own), dict):
            if body[own].get("event") != body.get("event"):
                body.pop(own)
    body.pop("client_certificate", None)  # a pair of keys
    if isinstance(body.get("oauth"), dict):  # which hosts may be asked is for the operator to say, as of `url`
        body["oauth"]["token_url"] = "https://example.com/token"
        body["oauth"].setdefault("client_secret", "s3cret")  # may be left out where there is one already
    for url in ("url", "fallback_url"):
        if body.get(url) is not None:
            body[url] = "https://example.com/hook"
    needs_url = body.get("mode") != "poll" and (operation == "createWebhook" or "url" in body)
    if needs_url and body.get("url") is None:
        body["url"] = "https://example.com/hook"


def keep_short(case):
    """Waits and test receivers' answers, right or wrong, without which nothing would be seen less."""
    query, body = case.query or {}, case.body
    if str(query.get("wait", "")).isdigit() and int(query["wait"]) <= 30:
        query["wait"] = 0
    if isinstance(body, dict):
        delay, status = body.get("delay_ms"), body.get("status")
        if type(delay) in (int, float) and 20 < delay <= 30_000:
            body["delay_ms"] = 20
        if type(status) in (int, float) and 500 <= status <= 599 and "test-receivers" in case.path:
            body["status"] = 299  # that a receiver fails on purpose is no failure of the server


@schemathesis.hook
def before_call(context, case, kwargs):
    keep_short(case)
    if case.headers and "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if not is_positive(case):
        return
    if case.query:
        put_query_right(case.query, case.path)
    if isinstance(case.body, dict):
        put_body_right(case.body, case.operation.definition.raw.get("operationId"))
