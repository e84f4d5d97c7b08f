"""Faults, switched on from outside through one Redis hash that every worker of every replica follows.

A fault is {"value", "set_at", "cured_by_restart"}. One that a restart cures is not seen by a process that started later.
"""
import asyncio
import json
import logging
import os
import random
import signal
import time

from aiohttp import web

from .body import json_body
from .pool import MAX_OVERFLOW, POOL_SIZE, UNAVAILABLE
from .state import STATE, State

HASH = "hermes:sandbox:faults"
VERSION = "version"
LOOK_S = 0.25
SEEN_TTL_S = 30
KNOWN = (
    "slowStage", "errorRate", "erringTenant", "leakMbPerSecond", "heldConnections",
    "hang", "crash", "clio", "openai", "noReconnect",
)  # fmt: skip
CURED_BY_RESTART = {"leakMbPerSecond", "heldConnections", "hang", "crash", "noReconnect"}
log = logging.getLogger("hermes.sandbox")
routes = web.RouteTableDef()


class Faults:
    def __init__(self) -> None:
        self.values: dict = {}
        self.version = ""

    def get(self, name: str, otherwise=None):
        return self.values.get(name, otherwise)

    def extra_ms(self, stage: str) -> float:
        slow = self.get("slowStage")
        return slow["ms"] if slow is not None and slow["stage"] == stage else 0

    def error_of(self, stage: str, tenant_id: str) -> "str | None":
        if stage != "llm_processing":
            return None
        if tenant_id == self.get("erringTenant"):
            return "TenantConfigurationError"
        return "OpenAITimeoutError" if random.random() < self.get("errorRate", 0) else None


@routes.get("/_sandbox/faults")
async def current(request: web.Request) -> web.Response:
    return web.json_response(request.app[STATE].faults.values)


@routes.post("/_sandbox/faults")
async def change(request: web.Request) -> web.Response:
    """{"errorRate": 0.2, "clio": null}: sets what has a value, clears what is null."""
    wanted = await json_body(request)
    unknown = [name for name in wanted if name not in KNOWN]
    if unknown:
        return web.json_response({"detail": f"Unknown faults {unknown}; known are {list(KNOWN)}"}, status=422)
    try:
        await switch(request.app[STATE], wanted)
    except Exception:  # noqa: BLE001 - whatever it is, Redis does not answer
        return web.json_response({"detail": "Redis unavailable"}, status=503)
    return web.json_response({"accepted": list(wanted)})


async def switch(state: State, wanted: dict) -> None:
    now = time.time()
    async with state.cache.pipeline(transaction=True) as batch:
        for name, value in wanted.items():
            if value is None or value is False:
                batch.hdel(HASH, name)
            else:
                entry = {"value": value, "set_at": now, "cured_by_restart": name in CURED_BY_RESTART}
                batch.hset(HASH, name, json.dumps(entry))
        batch.hset(HASH, VERSION, f"{now:.6f}")
        await batch.execute()
    await apply(state, await state.cache.hgetall(HASH))


async def follow(state: State) -> None:
    """Keeps up with the hash. Without Redis the last known faults stay."""
    last_told = 0.0
    while not state.stopping:
        try:
            entries = await state.cache.hgetall(HASH)
            changed = entries.get(VERSION, "") != state.faults.version
            if changed:
                await apply(state, entries)
            if changed or time.monotonic() - last_told > SEEN_TTL_S / 3:
                await tell_seen(state)
                last_told = time.monotonic()
            strike(state)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, Redis does not answer
            log.debug("Cannot read the faults: %s", error)
        await asyncio.sleep(LOOK_S)


async def tell_seen(state: State) -> None:
    key = f"hermes:sandbox:seen:{state.instance}"
    async with state.cache.pipeline(transaction=True) as batch:
        batch.hset(key, mapping={str(state.index): state.faults.version})
        batch.expire(key, SEEN_TTL_S)
        await batch.execute()


async def apply(state: State, entries: dict) -> None:
    faults = state.faults
    faults.version = entries.get(VERSION, "")
    values = {}
    for name in KNOWN:
        entry = json.loads(entries[name]) if name in entries else None
        if entry is not None and not (entry["cured_by_restart"] and entry["set_at"] < state.started_at):
            values[name] = entry["value"]
    faults.values = values
    state.pool.reconnects = "noReconnect" not in values
    if not state.pool.reconnects:
        await hold_one(state)


def strike(state: State) -> None:
    """What this worker does not come back from, after it said that it has seen it."""
    if state.faults.get("crash"):
        log.error("Worker %d takes the process down", state.index)
        os.kill(os.getppid(), signal.SIGUSR1)
    if state.faults.get("hang"):
        log.error("Worker %d hangs", state.index)
        while True:
            time.sleep(3600)  # blocks the event loop, and so every request and TERM


async def hold_one(state: State) -> None:
    """A pool that is to lose a connection must have one."""
    try:
        async with state.pool.connection() as connection:
            await connection.fetchval("SELECT 1")
    except UNAVAILABLE as error:
        log.warning("No database connection to lose: %s", error)


async def leak(state: State) -> None:
    leaked: list[bytes] = []
    while not state.stopping:
        await asyncio.sleep(0.2)
        rate = state.faults.get("leakMbPerSecond", 0)
        if rate > 0:
            # Not zeros: the pages must be touched to be used.
            leaked.append(b"\x01" * int(rate * 1024 * 1024 * 0.2 / state.workers))


async def hold_connections(state: State) -> None:
    """Takes connections out of the pool and does not give them back: what a leak in the code does."""
    held: list = []
    while not state.stopping:
        await asyncio.sleep(LOOK_S)
        total = int(state.faults.get("heldConnections", 0))
        share = total // state.workers + (1 if state.index < total % state.workers else 0)
        while len(held) > share:
            await let_go(*held.pop())
        try:
            while len(held) < min(share, POOL_SIZE + MAX_OVERFLOW):
                lent = state.pool.connection()
                connection = await lent.__aenter__()
                held.append((lent, connection))
                await connection.execute("BEGIN; SELECT count(*) FROM tenants")
        except UNAVAILABLE as error:
            log.error("connection pool: %s: %s", type(error).__name__, error)
            await asyncio.sleep(1)


async def let_go(lent, connection) -> None:
    connection.terminate()
    await lent.__aexit__(None, None, None)
