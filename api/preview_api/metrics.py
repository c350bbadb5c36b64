"""What is measured. No label carries an id, a name or an address."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

# Pushes are 5-300 ms, a wake-up 1-3 s.
PUSH_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0)


class Metrics:
    """One registry per application, so that tests and several applications in a process do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "kontext_preview_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            "kontext_preview_http_request_duration_seconds",
            "Time to answer",
            ["method", "route"],
            buckets=REQUEST_BUCKETS,
            registry=self.registry,
        )
        self.created = Counter(
            "kontext_preview_sessions_created",
            "Sessions created: warm when a runtime waited for it, else cold",
            ["start"],
            registry=self.registry,
        )
        self.retired = Counter(
            "kontext_preview_sessions_retired", "Idle sessions closed for their owner's quota", registry=self.registry
        )
        self.updates = Counter(
            "kontext_preview_updates", "Updates by what Vite did, or away", ["hmr"], registry=self.registry
        )
        self.conflicts = Counter(
            "kontext_preview_commit_conflicts", "Commits that somebody else was faster than", registry=self.registry
        )
        self.push_seconds = Histogram(
            "kontext_preview_push_duration_seconds",
            "Time to deliver an update to its runtime",
            buckets=PUSH_BUCKETS,
            registry=self.registry,
        )
        self.sessions = Gauge("kontext_preview_sessions", "Live sessions", ["phase"], registry=self.registry)
        self.warm = Gauge("kontext_preview_warm_runtimes", "Runtimes that wait for a create", registry=self.registry)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
