"""Matters: the table that a restore is about."""
import json
import logging

import asyncpg
from aiohttp import web

from . import dead_letters
from .body import json_body, number, text
from .pool import UNAVAILABLE
from .state import STATE
from .voice import unavailable

COLUMNS = "id, reference, tenant_id, client_name, practice_area, status::text, opened_on, created_at, updated_at"
log = logging.getLogger("hermes.matters")
routes = web.RouteTableDef()


@routes.get("/api/v1/matters")
async def newest(request: web.Request) -> web.Response:
    limit = int(number(request.query, "limit", default=20, minimum=1, maximum=200))
    try:
        async with request.app[STATE].pool.connection() as connection:
            rows = await connection.fetch(f"SELECT {COLUMNS} FROM matters ORDER BY id DESC LIMIT $1", limit)
    except UNAVAILABLE as error:
        return unavailable(error)
    return web.json_response({"matters": [as_json(row) for row in rows], "count": len(rows)})


@routes.post("/api/v1/matters")
async def create(request: web.Request) -> web.Response:
    """Writes a matter, and hands it to Clio: where Clio fails, it waits among the dead letters."""
    state = request.app[STATE]
    body = await json_body(request)
    tenant_id = text(body, "tenant_id", 64, default="firm-alder")
    client_name = text(body, "client_name", 200)
    practice_area = text(body, "practice_area", 64, default="estate")
    description = text(body, "description", 2000, default="Opened by the voice agent")
    try:
        async with state.pool.connection() as connection:
            row = await connection.fetchrow(
                f"""INSERT INTO matters (tenant_id, opened_by, client_name, practice_area, description)
                    VALUES ($1, (SELECT min(id) FROM users), $2, $3, $4) RETURNING {COLUMNS}""",
                tenant_id,
                client_name,
                practice_area,
                description,
            )
    except asyncpg.ForeignKeyViolationError:
        return web.json_response({"detail": f"Unknown tenant {tenant_id}"}, status=422)
    except UNAVAILABLE as error:
        return unavailable(error)
    matter = as_json(row)
    return web.json_response(matter | {"clio_sync": await hand_to_clio(state, matter)}, status=201)


async def hand_to_clio(state, matter: dict) -> str:
    trouble = state.faults.get("clio")
    if trouble is None:
        return "synced"
    error = "503 Service Unavailable" if trouble == "down" else "401 Unauthorized: access token expired"
    log.error("Clio matter creation failed: %s", error)
    letter = dead_letters.letter(
        tenant_id=matter["tenant_id"],
        message_type="clio_matter",
        reason="integration_down" if trouble == "down" else "permanent_failure",
        priority="high",
        payload={"matter_id": matter["id"], "client_name": matter["client_name"]},
        last_error=error,
        last_error_type="ClioAPIError" if trouble == "down" else "ClioAuthError",
    )
    try:
        await dead_letters.keep(state, [letter])
        return "queued"
    except Exception as failure:  # noqa: BLE001 - the matter itself is saved
        log.error("Redis error: %s: %s", type(failure).__name__, failure)
        return "lost"


def as_json(row: asyncpg.Record) -> dict:
    return json.loads(json.dumps(dict(row), default=lambda value: value.isoformat()))
