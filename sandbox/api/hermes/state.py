"""What one worker knows."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .faults import Faults
    from .measurements import Measurements
    from .pool import Pool

STATE = "hermes"


@dataclass
class State:
    index: int
    workers: int
    started_at: float
    instance: str
    pool: Pool
    cache: Any
    measurements: Measurements
    faults: Faults
    websockets: set
    stopping: bool = False
