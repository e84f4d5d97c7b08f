"""Bearer tokens. Routes ask for one by their path."""
import hmac
import os

from aiohttp import web

ADMIN = ("/api/v1/dlq/", "/api/v1/integrations/", "/_sandbox/faults", "/_sandbox/dead-letters")
TEST = {("POST", "/api/v1/voice/session"), ("POST", "/api/v1/matters")}


@web.middleware
async def bearer(request: web.Request, handler) -> web.StreamResponse:
    admin = request.path.startswith(ADMIN)
    if admin or (request.method, request.path) in TEST:
        refusal = refuse(request.headers.get("Authorization", ""), admin)
        if refusal is not None:
            return refusal
    return await handler(request)


def refuse(header: str, admin: bool) -> "web.Response | None":
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or token == "":
        return denied(401, "Not authenticated")
    if same(token, os.environ["ADMIN_TOKEN"]):
        return None
    if same(token, os.environ["TEST_TOKEN"]):
        return denied(403, "Admin access required") if admin else None
    return denied(401, "Invalid token")


def same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def denied(status: int, detail: str) -> web.Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return web.json_response({"detail": detail}, status=status, headers=headers)
