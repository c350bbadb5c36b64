"""What the operator measures. No label carries an id, a name of an object or an address."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_PASS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Nothing waits while a worker is free; a second is felt by somebody who waits for a page.
_WAIT_BUCKETS = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_READY_BUCKETS = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """One registry per operator."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        prefix = "kontext_preview_operator_"
        self.sessions = Gauge(f"{prefix}sessions", "Sessions", ["phase"], registry=registry)
        self.pods = Gauge(f"{prefix}pods", "Pods of sessions", registry=registry)
        self.queue = Gauge(f"{prefix}queue_length", "Keys that wait to be looked at", registry=registry)
        self.queue_wait = Histogram(
            f"{prefix}queue_wait_seconds",
            "From the time for which a key was wished to the pass over it",
            buckets=_WAIT_BUCKETS,
            registry=registry,
        )
        self.passes = Histogram(
            f"{prefix}pass_duration_seconds", "Time of one pass", ["kind"], buckets=_PASS_BUCKETS, registry=registry
        )
        self.errors = Counter(f"{prefix}pass_errors", "Passes that failed", ["kind", "error"], registry=registry)
        self.actions = Counter(f"{prefix}actions", "Actions taken", ["action"], registry=registry)
        self.events = Counter(f"{prefix}watch_events", "Events of the watches", ["resource"], registry=registry)
        self.missed = Counter(
            f"{prefix}watch_missed", "Changes that a list showed and the watch had not", ["resource"], registry=registry
        )
        self.ready_seconds = Histogram(
            f"{prefix}time_to_ready_seconds",
            "From a session's creation to Ready, once each",
            buckets=_READY_BUCKETS,
            registry=registry,
        )
        self.suspensions = Counter(
            f"{prefix}suspensions",
            "Sessions that gave up their pod because nobody used them",
            ["cause"],
            registry=registry,
        )
        self.resumptions = Counter(
            f"{prefix}resumptions", "Suspended sessions that are wanted again", registry=registry
        )
        self.resume_seconds = Histogram(
            f"{prefix}time_to_resume_seconds",
            "From the visit or call that wanted a suspended session again to Ready, in a pod that waited or a new one",
            ["start"],
            buckets=_READY_BUCKETS,
            registry=registry,
        )
        self.hydrations = Counter(
            f"{prefix}hydrations", "Pods that were sent what they lacked", ["result"], registry=registry
        )
        self.stand_ins = Counter(
            f"{prefix}stand_ins", "Pods without an owner that were sent the stand-in", ["result"], registry=registry
        )
        self.warm_desired = Gauge(f"{prefix}warm_desired", "Warm sessions wanted now", registry=registry)
        self.warm_ready = Gauge(f"{prefix}warm_ready", "Warm sessions that can be taken at once", registry=registry)
        self.warm_misses = Gauge(
            f"{prefix}warm_misses", "Creates that found no warm session, since the operator started", registry=registry
        )
        self.lag = Gauge(f"{prefix}event_loop_lag_seconds", "How late a timer of this process is", registry=registry)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
