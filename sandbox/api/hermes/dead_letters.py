"""Dead letters in Redis: a key for each message, a sorted set for each priority."""
import json
import time
from datetime import datetime

from aiohttp import web

from .body import json_body, number, text
from .state import STATE, State

PRIORITIES = ("critical", "high", "medium", "low")
REASONS = ("max_retries_exceeded", "permanent_failure", "timeout", "validation_error", "integration_down", "unknown_error")
TYPES = ("clio_matter", "lawpay_payment", "zapier_webhook")
TENANTS = ("firm-alder", "firm-birch", "firm-cedar")
routes = web.RouteTableDef()


def message_key(identifier: str) -> str:
    return f"hermes:dlq:message:{identifier}"


def queue_key(priority: str) -> str:
    return f"hermes:dlq:queue:{priority}"


@routes.get("/api/v1/dlq/stats")
async def stats(request: web.Request) -> web.Response:
    cache = request.app[STATE].cache
    try:
        by_priority = {priority: await cache.zcard(queue_key(priority)) for priority in PRIORITIES}
    except Exception:  # noqa: BLE001 - whatever it is, Redis does not answer
        return redis_away()
    total = sum(by_priority.values())
    urgent = by_priority["critical"] + by_priority["high"]
    return web.json_response(
        {
            "total_messages": total,
            "by_priority": by_priority,
            "requires_attention": urgent,
            "health_status": "CRITICAL" if by_priority["critical"] > 10 else "WARNING" if urgent > 0 else "OK",
        }
    )


@routes.get("/api/v1/dlq/list")
async def listed(request: web.Request) -> web.Response:
    message_type = request.query.get("message_type")
    limit = int(number(request.query, "limit", default=1000, minimum=1, maximum=10_000))
    try:
        messages = await every_letter(request.app[STATE])
    except Exception:  # noqa: BLE001 - whatever it is, Redis does not answer
        return redis_away()
    chosen = [message for message in messages if message_type in (None, message["message_type"])]
    return web.json_response({"messages": chosen[:limit], "total": len(chosen)})


@routes.post("/api/v1/dlq/retry")
async def retry(request: web.Request) -> web.Response:
    state = request.app[STATE]
    ids = (await json_body(request)).get("message_ids")
    if not isinstance(ids, list) or not all(isinstance(identifier, str) for identifier in ids):
        return web.json_response({"detail": "message_ids: expected a list of ids"}, status=422)
    outcomes: dict[str, list] = {"retried": [], "failed": [], "not_found": []}
    try:
        for identifier in ids:
            outcomes[await retry_one(state, identifier)].append(identifier)
    except Exception:  # noqa: BLE001 - whatever it is, Redis does not answer
        return redis_away()
    return web.json_response({name: len(found) for name, found in outcomes.items()} | {"results": outcomes})


@routes.post("/_sandbox/dead-letters")
async def make(request: web.Request) -> web.Response:
    """Puts invented dead letters in, as many as asked."""
    body = await json_body(request)
    count = int(number(body, "count", default=1, minimum=1, maximum=100_000))
    chosen_type = text(body, "message_type", 64, default="mixed")
    chosen_priority = text(body, "priority", 16, default="mixed")
    letters = [invented(n, chosen_type, chosen_priority) for n in range(count)]
    try:
        await keep(request.app[STATE], letters)
    except Exception:  # noqa: BLE001 - whatever it is, Redis does not answer
        return redis_away()
    return web.json_response({"made": count})


def invented(n: int, message_type: str, priority: str) -> dict:
    kind = TYPES[n % len(TYPES)] if message_type == "mixed" else message_type
    return letter(
        tenant_id=TENANTS[n % len(TENANTS)],
        message_type=kind,
        reason=REASONS[n % len(REASONS)],
        priority=PRIORITIES[n % len(PRIORITIES)] if priority == "mixed" else priority,
        payload={"client_name": f"Invented Client {n}", "note": "Asked for a call back"},
        last_error="503 Service Unavailable",
        last_error_type="ClioAPIError" if kind == "clio_matter" else "IntegrationError",
        at=time.time() + n / 1_000_000,
    )


def letter(*, tenant_id, message_type, reason, priority, payload, last_error, last_error_type, at=None) -> dict:
    now = time.time() if at is None else at
    return {
        "id": f"dlq_{now:.6f}_{tenant_id}",
        "message_type": message_type,
        "payload": payload,
        "reason": reason,
        "priority": priority,
        "tenant_id": tenant_id,
        "session_id": f"session-{int(now * 1000) % 1_000_000}",
        "original_timestamp": datetime.utcfromtimestamp(now - 30).isoformat(),
        "dlq_timestamp": datetime.utcfromtimestamp(now).isoformat(),
        "retry_count": 3,
        "last_error": last_error,
        "last_error_type": last_error_type,
        "metadata": {},
    }


async def keep(state: State, letters: list) -> None:
    async with state.cache.pipeline(transaction=True) as batch:
        for message in letters:
            batch.set(message_key(message["id"]), json.dumps(message))
            batch.zadd(queue_key(message["priority"]), {message["id"]: float(message["id"].split("_")[1])})
        await batch.execute()


async def every_letter(state: State) -> list:
    ids = [identifier for priority in PRIORITIES for identifier in await state.cache.zrange(queue_key(priority), 0, -1)]
    values = await state.cache.mget([message_key(identifier) for identifier in ids]) if ids else []
    return [json.loads(value) for value in values if value is not None]


async def retry_one(state: State, identifier: str) -> str:
    value = await state.cache.get(message_key(identifier))
    if value is None:
        return "not_found"
    message = json.loads(value)
    if message["message_type"] == "clio_matter" and state.faults.get("clio") is not None:
        message["retry_count"] += 1
        await state.cache.set(message_key(identifier), json.dumps(message))
        return "failed"
    async with state.cache.pipeline(transaction=True) as batch:
        batch.delete(message_key(identifier))
        batch.zrem(queue_key(message["priority"]), identifier)
        removed = await batch.execute()
    # Two callers at once: only the one that removed it has retried it.
    return "retried" if removed[0] else "not_found"


def redis_away() -> web.Response:
    return web.json_response({"detail": "Redis unavailable"}, status=503)
