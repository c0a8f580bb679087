"""Prometheus figures: counts and durations only, never what a person wrote or who they are."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """One registry an app, so that two apps in a test do not share figures."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.turns = Counter(
            "veivis_turns", "Turns by status of the first reply", ["status", "degraded"], registry=self._registry
        )
        self.turn_seconds = Histogram("veivis_turn_seconds", "Duration of a turn", buckets=_SECONDS, registry=self._registry)
        self.conversations = Counter("veivis_conversations", "Conversations opened", ["audience"], registry=self._registry)
        self.feedback = Counter("veivis_feedback", "Feedback given", ["helpful"], registry=self._registry)
        self.part_up = Gauge("veivis_part_up", "1 when a part answers", ["part"], registry=self._registry)

    def render(self) -> bytes:
        return generate_latest(self._registry)
