"""Clio's token."""
from datetime import datetime, timedelta

from aiohttp import web

from . import faults
from .state import STATE

routes = web.RouteTableDef()


@routes.post("/api/v1/integrations/clio/refresh-token")
async def refresh_token(request: web.Request) -> web.Response:
    state = request.app[STATE]
    match state.faults.get("clio"):
        case "down":
            return web.json_response({"detail": "Clio API answered 503"}, status=502)
        case "token-revoked":
            return web.json_response({"detail": "Clio refused the refresh token: sign in again"}, status=502)
        case "token-expired":
            try:
                await faults.switch(state, {"clio": None})
            except Exception:  # noqa: BLE001 - whatever it is, Redis does not answer
                return web.json_response({"detail": "Redis unavailable"}, status=503)
    expires_at = datetime.utcnow() + timedelta(days=1)
    return web.json_response({"status": "refreshed", "expires_at": expires_at.isoformat()})
