"""The voice pipeline: sessions in PostgreSQL and Redis, a stream, a WebSocket, and work that keeps a CPU busy."""
import asyncio
import json
import logging
import random
import time
from datetime import datetime

import asyncpg
from aiohttp import WSMsgType, web

from .body import json_body, number, text
from .pool import UNAVAILABLE
from .state import STATE, State

USUAL_MS = {"speech_to_text": 15, "llm_processing": 40, "text_to_speech": 20}
SESSION_TTL_S = 3600
STREAM_STEP_S = 0.25
log = logging.getLogger("hermes.voice")
routes = web.RouteTableDef()


class TurnFailed(Exception):
    def __init__(self, stage: str, error_type: str):
        super().__init__(f"{stage} failed: {error_type}")
        self.stage = stage
        self.error_type = error_type


@routes.post("/api/v1/voice/session")
async def session(request: web.Request) -> web.Response:
    """One turn of a session: the smoke test, and what customers do."""
    state = request.app[STATE]
    body = await json_body(request)
    session_id = text(body, "session_id", maximum=200)
    tenant_id = text(body, "tenant_id", maximum=64, default="firm-alder")
    began = time.perf_counter()
    try:
        await pipeline(state, session_id, tenant_id)
        created_at = await store(state, session_id, tenant_id)
    except TurnFailed as error:
        log.exception("Voice turn failed, session_id:%s tenant:%s", session_id, tenant_id)
        return web.json_response({"detail": str(error), "error_type": error.error_type}, status=500)
    except asyncpg.ForeignKeyViolationError:
        return web.json_response({"detail": f"Unknown tenant {tenant_id}"}, status=422)
    except UNAVAILABLE as error:
        return unavailable(error)
    return web.json_response(
        {
            "session_id": session_id,
            "tenant_id": tenant_id,
            "status": "active",
            "created_at": created_at.isoformat(),
            "cached": await remember(state, session_id, tenant_id),
            "latency_ms": round((time.perf_counter() - began) * 1000, 2),
        }
    )


def unavailable(error: BaseException) -> web.Response:
    return web.json_response({"detail": "Database unavailable", "error_type": type(error).__name__}, status=503)


async def pipeline(state: State, session_id: str, tenant_id: str) -> None:
    began = time.perf_counter()
    for stage, usual_ms in USUAL_MS.items():
        stage_began = time.perf_counter()
        delay_ms = usual_ms * random.uniform(0.8, 1.2) + state.faults.extra_ms(stage)
        await asyncio.sleep(delay_ms / 1000)
        error_type = state.faults.error_of(stage, tenant_id)
        state.measurements.add(stage, elapsed_ms(stage_began), session_id, tenant_id, error_type)
        if error_type is not None:
            state.measurements.add("total_pipeline", elapsed_ms(began), session_id, tenant_id, error_type)
            raise TurnFailed(stage, error_type)
    state.measurements.add("total_pipeline", elapsed_ms(began), session_id, tenant_id)


def elapsed_ms(began: float) -> float:
    return (time.perf_counter() - began) * 1000


async def store(state: State, session_id: str, tenant_id: str) -> datetime:
    async with state.pool.connection() as connection:
        return await connection.fetchval(
            """INSERT INTO voice_sessions (session_id, tenant_id, turns, last_turn_at)
               VALUES ($1, $2, 1, now() AT TIME ZONE 'UTC')
               ON CONFLICT (session_id) DO UPDATE
                 SET turns = voice_sessions.turns + 1, last_turn_at = excluded.last_turn_at
               RETURNING started_at""",
            session_id,
            tenant_id,
        )


async def remember(state: State, session_id: str, tenant_id: str) -> bool:
    try:
        value = json.dumps({"tenant_id": tenant_id, "instance": state.instance})
        await state.cache.set(f"hermes:session:{session_id}", value, ex=SESSION_TTL_S)
        return True
    except Exception as error:  # noqa: BLE001 - a session works without its cache
        log.error("Redis error: %s: %s", type(error).__name__, error)
        return False


@routes.get("/api/v1/voice/stream")
async def stream(request: web.Request) -> web.StreamResponse:
    """One JSON line every quarter of a second; the last says done."""
    seconds = number(request.query, "seconds", default=6, minimum=0, maximum=600)
    headers = {"Content-Type": "application/x-ndjson", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    until = time.monotonic() + seconds
    sequence = 0
    while time.monotonic() < until:
        await response.write(json.dumps({"sequence": sequence, "done": False}).encode() + b"\n")
        sequence += 1
        await asyncio.sleep(STREAM_STEP_S)
    await response.write(json.dumps({"sequence": sequence, "done": True}).encode() + b"\n")
    await response.write_eof()
    return response


@routes.get("/api/v1/voice/ws")
async def websocket(request: web.Request) -> web.WebSocketResponse:
    state = request.app[STATE]
    socket = web.WebSocketResponse(heartbeat=20)
    await socket.prepare(request)
    state.websockets.add(socket)
    try:
        await socket.send_json({"type": "connected", "instance": state.instance})
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                await socket.send_json({"type": "transcript", "text": message.data, "instance": state.instance})
    finally:
        state.websockets.discard(socket)
    return socket


@routes.get("/api/v1/work")
async def work(request: web.Request) -> web.Response:
    """Keeps this worker's CPU busy, and nobody else served by it meanwhile."""
    ms = number(request.query, "ms", default=50, minimum=0, maximum=10_000)
    until = time.process_time() + ms / 1000
    rounds = 0
    while time.process_time() < until:
        rounds += sum(range(1000)) > 0
    return web.json_response({"worked_ms": ms, "rounds": rounds})
