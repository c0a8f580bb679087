"""How the service is: health for whoever watches it, figures for Prometheus."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from api.dependencies import Parts, PartsOf

router = APIRouter(tags=["service"])


class Health(BaseModel):
    status: Literal["ok", "degraded", "down"]
    parts: dict[str, str]


@router.get("/healthz")
@router.get("/api/v1/healthz", include_in_schema=False)
def health(parts: PartsOf, response: Response) -> Health:
    """503 when it cannot answer at all: neither the index nor the articles in memory can be used."""
    states = _states(parts)
    for part, state in states.items():
        parts.metrics.part_up.labels(part).set(state == "ok")
    if not parts.knowledge.answers.topics:
        response.status_code = 503
        return Health(status="down", parts=states)
    well = all(state in ("ok", "off", "starting") for state in states.values())
    return Health(status="ok" if well else "degraded", parts=states)


@router.get("/metrics", include_in_schema=False)
@router.get("/api/v1/metrics", include_in_schema=False)
def metrics(parts: PartsOf) -> Response:
    return Response(parts.metrics.render(), media_type="text/plain; version=0.0.4")


def _states(parts: Parts) -> dict[str, str]:
    return {
        "bot": parts.dialogue.state(),
        "search": parts.search_state(),
        "database": "ok" if parts.database.is_up() else "unavailable",
    }
