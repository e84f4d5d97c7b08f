"""HERMES's monitoring routes: this worker's numbers only."""
from datetime import datetime

from aiohttp import web

from .pool import MAX_OVERFLOW, POOL_SIZE
from .state import STATE

routes = web.RouteTableDef()
PREFIX = "/api/v1/monitoring"


@routes.get(f"{PREFIX}/performance")
async def performance(request: web.Request) -> web.Response:
    measurements = request.app[STATE].measurements
    return web.json_response(
        {
            "timestamp": datetime.utcnow().isoformat(),
            "global_stats": measurements.global_stats(),
            "sla_compliance": measurements.sla(),
            "recent_measurements": list(measurements.recent)[-20:],
            "active_tenants": len(measurements.by_tenant),
        }
    )


@routes.get(f"{PREFIX}/sla-compliance")
async def sla_compliance(request: web.Request) -> web.Response:
    return web.json_response(request.app[STATE].measurements.sla())


@routes.get(f"{PREFIX}/performance-by-tenant")
async def performance_by_tenant(request: web.Request) -> web.Response:
    return web.json_response(request.app[STATE].measurements.tenant_stats())


@routes.get(f"{PREFIX}/database-stats")
async def database_stats(request: web.Request) -> web.Response:
    state = request.app[STATE]
    pool = state.pool
    try:
        redis_status = "connected" if await state.cache.ping() else "disconnected"
    except Exception:  # noqa: BLE001 - whatever it is, Redis does not answer
        redis_status = "disconnected"
    return web.json_response(
        {
            "connection_metrics": {
                "total_connections": pool.opened,
                # Every connection that this worker ever opened: HERMES never counts one down.
                "active_connections": pool.opened,
                "idle_connections": 0,
                "pool_size": POOL_SIZE,
                "max_overflow": MAX_OVERFLOW,
            },
            "query_metrics": {
                "total_queries": pool.queries,
                "avg_query_time_ms": round(pool.query_ms / pool.queries, 2) if pool.queries else 0.0,
                "cache_hits": 0,
                "cache_misses": 0,
                "cache_hit_ratio": 0.0,
                "error_count": pool.errors,
            },
            "tenant_metrics": {
                tenant: {"requests": len(stages.get("total_pipeline", ()))}
                for tenant, stages in state.measurements.by_tenant.items()
            },
            "redis_status": redis_status,
        }
    )
