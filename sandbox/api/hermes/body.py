"""Reading what a caller sent; a bad field is a 422 that names it."""
import math

from aiohttp import web


def refused(detail: str) -> web.HTTPException:
    return web.HTTPUnprocessableEntity(reason=detail)


async def json_body(request: web.Request) -> dict:
    try:
        body = await request.json()
    except ValueError:
        raise refused("The body is not JSON") from None
    if not isinstance(body, dict):
        raise refused("The body is not a JSON object")
    return body


def text(body: dict, name: str, maximum: int, default: "str | None" = None) -> str:
    value = body.get(name, default)
    if not isinstance(value, str) or not 0 < len(value) <= maximum or "\0" in value:
        raise refused(f"{name}: expected a text of 1 to {maximum} characters")
    return value


def number(values, name: str, default: float, minimum: float, maximum: float) -> float:
    try:
        value = float(values.get(name, default))
    except (TypeError, ValueError):
        raise refused(f"{name}: expected a number") from None
    if not math.isfinite(value) or not minimum <= value <= maximum:
        raise refused(f"{name}: expected {minimum:g} to {maximum:g}")
    return value
