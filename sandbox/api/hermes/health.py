"""Health: the page that asks nothing, and the one that asks everything."""
import asyncio
import shutil
import time

import asyncpg
from aiohttp import web

from .pool import UNAVAILABLE
from .state import STATE, State

GIB = 1024**3
ASK_S = 4
routes = web.RouteTableDef()


@routes.get("/health")
async def shallow(request: web.Request) -> web.Response:
    """200 for as long as the process answers, whatever its database does."""
    components = {"api": "healthy", "voice_pipeline": "healthy", "event_stream": "healthy"}
    return web.json_response(
        {"status": "healthy", "timestamp": time.time(), "version": "1.0.0", "components": components}
    )


@routes.get("/health/detailed")
async def detailed(request: web.Request) -> web.Response:
    state = request.app[STATE]
    began = time.perf_counter()
    components = list(
        await asyncio.gather(database(state), cache(state), openai(state), clio(state), disk_space(), memory())
    )
    counts = {name: 0 for name in ("healthy", "degraded", "unhealthy", "unknown")}
    for component in components:
        counts[component["status"]] += 1
    return web.json_response(
        {
            "status": overall(counts),
            "timestamp": time.time(),
            "latency_ms": round((time.perf_counter() - began) * 1000, 2),
            "components": components,
            "summary": {"total_components": len(components), **counts},
        }
    )


@routes.get("/api/v1/health/integrations")
async def integrations(request: web.Request) -> web.Response:
    state = request.app[STATE]
    return web.json_response({"components": [await openai(state), await clio(state)], "timestamp": time.time()})


def overall(counts: dict) -> str:
    for status in ("unhealthy", "degraded", "unknown"):
        if counts[status] > 0:
            return status
    return "healthy"


def component(name: str, status: str, began: float, message: str, details: "dict | None" = None) -> dict:
    return {
        "component": name,
        "status": status,
        "latency_ms": round((time.perf_counter() - began) * 1000, 2),
        "message": message,
        "details": details or {},
        "timestamp": time.time(),
    }


async def database(state: State) -> dict:
    began = time.perf_counter()
    try:
        await asyncio.wait_for(ask_database(state), ASK_S)
    except asyncpg.TooManyConnectionsError as error:
        return component("database", "degraded", began, f"Too many connections: {error}")
    except UNAVAILABLE as error:
        if state.pool.exhausted:
            return component("database", "degraded", began, "Connection pool exhausted")
        return component("database", "unhealthy", began, f"Database connection failed: {type(error).__name__}: {error}")
    return component("database", "healthy", began, "Database connection successful")


async def ask_database(state: State) -> None:
    async with state.pool.connection() as connection:
        await connection.fetchval("SELECT 1")


async def cache(state: State) -> dict:
    began = time.perf_counter()
    try:
        await asyncio.wait_for(state.cache.ping(), ASK_S)
    except Exception as error:  # noqa: BLE001 - whatever it is, Redis does not answer
        return component("redis", "unhealthy", began, f"Redis connection failed: {type(error).__name__}")
    return component("redis", "healthy", began, "Redis connection successful")


async def openai(state: State) -> dict:
    began = time.perf_counter()
    match state.faults.get("openai", "not-configured"):
        case "healthy":
            return component("openai_api", "healthy", began, "OpenAI API is reachable")
        case "down":
            return component("openai_api", "unhealthy", began, "OpenAI API answered 503")
        case _:
            return component("openai_api", "unknown", began, "OpenAI API key not configured")


async def clio(state: State) -> dict:
    began = time.perf_counter()
    match state.faults.get("clio"):
        case None:
            return component("clio_api", "healthy", began, "Clio API is reachable")
        case "down":
            return component("clio_api", "unhealthy", began, "Clio API answered 503")
        case _:
            return component("clio_api", "unhealthy", began, "Clio API answered 401: the access token expired")


async def disk_space() -> dict:
    began = time.perf_counter()
    usage = shutil.disk_usage("/")
    free_percent = usage.free / usage.total * 100
    status = "healthy" if free_percent >= 20 else "degraded" if free_percent >= 10 else "unhealthy"
    details = {
        "total_gb": round(usage.total / GIB, 2),
        "used_gb": round(usage.used / GIB, 2),
        "free_gb": round(usage.free / GIB, 2),
        "free_percent": round(free_percent, 2),
    }
    return component("disk_space", status, began, f"{details['free_percent']}% free", details)


async def memory() -> dict:
    """The host's memory: a leak in this container does not show here."""
    began = time.perf_counter()
    with open("/proc/meminfo", encoding="ascii") as file:
        kib = {line.split(":")[0]: int(line.split()[1]) for line in file}
    total, available = kib["MemTotal"] / 1024**2, kib["MemAvailable"] / 1024**2
    used_percent = (total - available) / total * 100
    status = "healthy" if used_percent < 80 else "degraded" if used_percent < 90 else "unhealthy"
    details = {
        "total_gb": round(total, 2),
        "available_gb": round(available, 2),
        "used_percent": round(used_percent, 2),
    }
    return component("memory", status, began, f"{details['used_percent']}% used", details)
