"""What tests of traffic need, outside /api/: nginx gives one address ten connections and 100 requests a second there."""
import asyncio

from aiohttp import web

from . import voice
from .body import json_body, number

routes = web.RouteTableDef()
PREFIX = "/_sandbox"
routes.get(f"{PREFIX}/stream")(voice.stream)
routes.get(f"{PREFIX}/work")(voice.work)


@routes.post(f"{PREFIX}/echo")
async def echo(request: web.Request) -> web.Response:
    """What was sent. nginx sends a POST to one replica only: it is lost with that one."""
    return web.json_response(await json_body(request))


@routes.get(f"{PREFIX}/wait")
async def wait(request: web.Request) -> web.Response:
    """Answers late: a request that is under way while its replica is to go."""
    seconds = number(request.query, "seconds", default=30, minimum=0, maximum=600)
    await asyncio.sleep(seconds)
    return web.json_response({"waited_s": seconds})
