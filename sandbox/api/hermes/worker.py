"""One worker: its own statistics, connection pool and view of the faults."""
import asyncio
import gc
import logging
import os
import signal
import socket
from urllib.parse import urlsplit

import redis.asyncio as redis
from aiohttp import WSCloseCode, web

from . import auth, dead_letters, faults, health, integrations, load, matters, monitoring, outside, voice
from .measurements import Measurements
from .pool import Pool
from .state import STATE, State

SHUTDOWN_S = 8
log = logging.getLogger("hermes.worker")


def run(listener: socket.socket, index: int, workers: int, started_at: float) -> None:
    gc.collect()
    asyncio.run(serve(listener, index, workers, started_at))


async def serve(listener: socket.socket, index: int, workers: int, started_at: float) -> None:
    runner = web.AppRunner(build(index, workers, started_at), access_log_format='%a - "%r" %s %Tfs')
    await runner.setup()
    await web.SockSite(runner, listener, shutdown_timeout=SHUTDOWN_S).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log.info("Worker %d answers (pid %d)", index, os.getpid())
    await stop.wait()
    await runner.cleanup()


def build(index: int, workers: int, started_at: float) -> web.Application:
    database = urlsplit(os.environ["DATABASE_URL"])
    pool = Pool(
        host=database.hostname,
        port=database.port,
        user=database.username,
        password=database.password,
        database=database.path.lstrip("/"),
    )
    cache = redis.Redis.from_url(
        os.environ["REDIS_URL"], decode_responses=True, socket_timeout=5, socket_connect_timeout=5
    )
    app = web.Application(middlewares=[failures_as_json, auth.bearer])
    app[STATE] = State(
        index=index,
        workers=workers,
        started_at=started_at,
        instance=socket.gethostname(),
        pool=pool,
        cache=cache,
        measurements=Measurements(),
        faults=faults.Faults(),
        websockets=set(),
    )
    for module in (health, monitoring, dead_letters, integrations, voice, matters, outside, faults, load):
        app.add_routes(module.routes)
    app.on_response_prepare.append(name_the_instance)
    app.on_startup.append(start_background)
    app.on_shutdown.append(close_websockets)
    app.on_cleanup.append(stop_background)
    return app


async def name_the_instance(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Hermes-Instance"] = request.app[STATE].instance


@web.middleware
async def failures_as_json(request: web.Request, handler) -> web.StreamResponse:
    """HTTP errors in FastAPI's shape."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return web.json_response({"detail": error.reason}, status=error.status)
    except (asyncio.CancelledError, ConnectionResetError):
        raise
    except Exception:
        log.exception("Unhandled error in %s %s", request.method, request.path)
        return web.json_response({"detail": "Internal Server Error"}, status=500)


async def start_background(app: web.Application) -> None:
    state = app[STATE]
    app["background"] = [
        asyncio.create_task(faults.follow(state)),
        asyncio.create_task(faults.leak(state)),
        asyncio.create_task(faults.hold_connections(state)),
        asyncio.create_task(complain_every_minute()),
    ]


async def complain_every_minute() -> None:
    """HERMES logs this on its best days too."""
    while True:
        await asyncio.sleep(60)
        logging.getLogger("hermes.monitoring").error("Failed to export metrics: no exporter is configured")


async def close_websockets(app: web.Application) -> None:
    for websocket in set(app[STATE].websockets):
        await websocket.close(code=WSCloseCode.GOING_AWAY, message=b"restarting")


async def stop_background(app: web.Application) -> None:
    # The flag too: Redis's client now and then swallows a cancellation.
    app[STATE].stopping = True
    for task in app["background"]:
        task.cancel()
    await asyncio.gather(*app["background"], return_exceptions=True)
    await app[STATE].pool.close()
    await app[STATE].cache.close()
