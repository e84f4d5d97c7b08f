"""Stand-ins for what HERMES asks on the internet: the two status pages, OpenAI's and Clio's APIs."""
from aiohttp import web

from .state import STATE

PREFIX = "/_sandbox/outside"
routes = web.RouteTableDef()


@routes.get(f"{PREFIX}/openai-status/api/v2/status.json")
async def openai_status(request: web.Request) -> web.Response:
    return status_page(request.app[STATE].faults.get("openai") == "down")


@routes.get(f"{PREFIX}/clio-status/api/v2/status.json")
async def clio_status(request: web.Request) -> web.Response:
    return status_page(request.app[STATE].faults.get("clio") == "down")


def status_page(down: bool) -> web.Response:
    status = ("major", "Partial System Outage") if down else ("none", "All Systems Operational")
    return web.json_response({"status": {"indicator": status[0], "description": status[1]}})


@routes.get(f"{PREFIX}/openai/v1/models")
async def openai_models(request: web.Request) -> web.Response:
    if request.app[STATE].faults.get("openai") == "down":
        return web.json_response({"error": {"message": "overloaded"}}, status=503)
    return web.json_response({"object": "list", "data": [{"id": "gpt-sandbox", "object": "model"}]})


@routes.get(f"{PREFIX}/clio/api/v4/matters")
async def clio_matters(request: web.Request) -> web.Response:
    match request.app[STATE].faults.get("clio"):
        case None:
            return web.json_response({"data": [], "meta": {"records": 0}})
        case "down":
            return web.json_response({"error": {"type": "ServiceUnavailable"}}, status=503)
        case _:
            return web.json_response({"error": {"type": "InvalidToken"}}, status=401)
