"""HERMES's statistics, with what misleads in them: one worker's, no time window, errors counted twice."""
from collections import Counter, deque
from datetime import datetime

P95_TARGET_MS = 500
P99_TARGET_MS = 1000
STAGES = {"stt": "speech_to_text", "llm": "llm_processing", "tts": "text_to_speech", "total": "total_pipeline"}


class Measurements:
    def __init__(self) -> None:
        self.durations: dict[str, deque] = {}
        self.by_tenant: dict[str, dict[str, deque]] = {}
        self.errors: Counter = Counter()
        self.recent: deque = deque(maxlen=100)

    def add(self, stage: str, duration_ms: float, session_id: str, tenant_id: str, error_type: "str | None" = None) -> None:
        self.durations.setdefault(stage, deque(maxlen=10_000)).append(duration_ms)
        self.by_tenant.setdefault(tenant_id, {}).setdefault(stage, deque(maxlen=2_000)).append(duration_ms)
        if error_type is not None:
            self.errors[stage] += 1
        self.recent.append(
            {
                "stage": stage,
                "duration_ms": round(duration_ms, 2),
                "timestamp": datetime.utcnow().isoformat(),
                "session_id": session_id,
                "tenant_id": tenant_id,
                "success": error_type is None,
                "error_type": error_type,
            }
        )

    def global_stats(self) -> dict:
        return {stage: stage_stats(stage, values) for stage, values in self.durations.items()}

    def tenant_stats(self) -> dict:
        return {
            tenant: {stage: stage_stats(stage, values) for stage, values in stages.items()}
            for tenant, stages in self.by_tenant.items()
        }

    def sla(self) -> dict:
        total = stage_stats("total_pipeline", self.durations.get("total_pipeline", ()))
        # A failed stage counts, and so does the pipeline that it was in.
        total_errors = sum(self.errors.values())
        error_rate = total_errors / total["count"] if total["count"] else 0.0
        p95_ok = total["p95_ms"] <= P95_TARGET_MS
        p99_ok = total["p99_ms"] <= P99_TARGET_MS
        return {
            "sla_status": "COMPLIANT" if p95_ok and p99_ok and error_rate <= 0.01 else "BREACH",
            "summary": {
                "total_requests": total["count"],
                "total_errors": total_errors,
                "error_rate": round(error_rate, 4),
                "uptime_percentage": round((1 - error_rate) * 100, 2),
            },
            "latency_targets": {
                "p95_target_ms": P95_TARGET_MS,
                "p95_actual_ms": total["p95_ms"],
                "p95_compliant": p95_ok,
                "p99_target_ms": P99_TARGET_MS,
                "p99_actual_ms": total["p99_ms"],
                "p99_compliant": p99_ok,
            },
            "stage_breakdown": {short: self._breakdown(short, stage) for short, stage in STAGES.items()},
            "error_breakdown": dict(self.errors),
        }

    def _breakdown(self, short: str, stage: str) -> dict:
        stats = stage_stats(stage, self.durations.get(stage, ()))
        fields = ("mean_ms", "p50_ms", "p95_ms", "p99_ms") if short == "total" else ("mean_ms", "p95_ms")
        return {field: stats[field] for field in fields}


def stage_stats(stage: str, values) -> dict:
    ordered = sorted(values)
    count = len(ordered)
    if count == 0:
        return {"stage": stage, "count": 0} | dict.fromkeys(
            ("min_ms", "max_ms", "mean_ms", "p50_ms", "p95_ms", "p99_ms"), 0.0
        )
    mean = sum(ordered) / count
    return {
        "stage": stage,
        "count": count,
        "min_ms": round(ordered[0], 2),
        "max_ms": round(ordered[-1], 2),
        "mean_ms": round(mean, 2),
        "p50_ms": round(ordered[count // 2], 2),
        # With few samples HERMES gives the mean, so p99 may be below p95.
        "p95_ms": round(ordered[int(count * 0.95)] if count >= 20 else mean, 2),
        "p99_ms": round(ordered[int(count * 0.99)] if count >= 100 else mean, 2),
    }
