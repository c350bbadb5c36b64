"""The Grafana dashboard: what stands in which panel. The file in the chart is made from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helm.render import CHART

DASHBOARD = CHART / "dashboards" / "kontext-preview.json"
_UID = "kontext-preview"
_COLUMNS, _HEIGHT = 24, 8
# `$namespace` is that of the release: its pods are scraped there, wherever the sessions are.
_HERE = 'namespace="$namespace"'
_RATE = "[$__rate_interval]"
_CREATE = 'method="POST", route="/kontext/preview"'
_UPDATE = 'method="POST", route="/kontext/preview/{session_id}/update"'


@dataclass(frozen=True)
class Line:
    """One query and how its series are called."""

    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    """`unit` as Grafana names it: short, s, ops, percentunit."""

    title: str
    text: str
    unit: str
    lines: Sequence[Line]
    stacked: bool = False


@dataclass(frozen=True)
class Row:
    title: str
    panels: Sequence[Panel]


def _rate(metric: str, by: str, labels: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{_selected(labels)}}}{_RATE}))"


def _quantiles(metric: str, labels: str = "") -> tuple[Line, ...]:
    sums = f"sum by (le) (rate({metric}_bucket{{{_selected(labels)}}}{_RATE}))"
    return tuple(Line(f"histogram_quantile({share}, {sums})", f"p{share * 100:.0f}") for share in (0.5, 0.95))


def _selected(labels: str) -> str:
    return f"{_HERE}, {labels}" if labels else _HERE


ROWS = (
    Row(
        "Callers",
        (
            Panel(
                "Creates",
                "Sessions made, by how; and idle ones closed because their owner's quota was used up.",
                "ops",
                (
                    Line(_rate("kontext_preview_sessions_created_total", "start"), "{{start}}"),
                    Line(f"sum(rate(kontext_preview_sessions_retired_total{{{_HERE}}}{_RATE}))", "retired"),
                ),
            ),
            Panel(
                "Updates by what Vite did",
                "`away`: the update is kept, and its pod gets it when it answers again. `error`: the project does not "
                "compile, which is its author's business.",
                "ops",
                (Line(_rate("kontext_preview_updates_total", "hmr"), "{{hmr}}"),),
                stacked=True,
            ),
            Panel(
                "Answers that are errors",
                "4xx are the callers', 5xx are ours.",
                "ops",
                (Line(_rate("kontext_preview_http_requests_total", "status", 'status=~"4..|5.."'), "{{status}}"),),
                stacked=True,
            ),
            Panel(
                "Time to answer a create",
                "3 s at the 95th percentile are promised.",
                "s",
                _quantiles("kontext_preview_http_request_duration_seconds", _CREATE),
            ),
            Panel(
                "Time to answer an update",
                "The durable write and the push together.",
                "s",
                _quantiles("kontext_preview_http_request_duration_seconds", _UPDATE),
            ),
            Panel(
                "Time to push an update",
                "Of it, what the session's pod takes: writing, compiling, telling the pages.",
                "s",
                _quantiles("kontext_preview_push_duration_seconds"),
            ),
            Panel(
                "Commit conflicts",
                "Updates of one session that met on different replicas of the API. Each is tried again.",
                "ops",
                (Line(f"sum(rate(kontext_preview_commit_conflicts_total{{{_HERE}}}{_RATE}))", "conflicts"),),
            ),
        ),
    ),
    Row(
        "Sessions",
        (
            Panel(
                "Sessions by phase",
                "Failed ones do not mend themselves.",
                "short",
                (Line(f"sum by (phase) (kontext_preview_operator_sessions{{{_HERE}}})", "{{phase}}"),),
                stacked=True,
            ),
            Panel(
                "Pods",
                "Of sessions, whatever their state.",
                "short",
                (Line(f"sum(kontext_preview_operator_pods{{{_HERE}}})", "pods"),),
            ),
            Panel(
                "Warm sessions",
                "Misses are creates that found none, since the operator started: if they grow, raise warm.minimum.",
                "short",
                (
                    Line(f"sum(kontext_preview_operator_warm_desired{{{_HERE}}})", "desired"),
                    Line(f"sum(kontext_preview_operator_warm_ready{{{_HERE}}})", "ready"),
                    Line(f"sum(kontext_preview_operator_warm_misses{{{_HERE}}})", "misses"),
                ),
            ),
            Panel(
                "Falling asleep and waking",
                "`silent`: its pod did not answer whether anybody looks.",
                "ops",
                (
                    Line(_rate("kontext_preview_operator_suspensions_total", "cause"), "asleep: {{cause}}"),
                    Line(f"sum(rate(kontext_preview_operator_resumptions_total{{{_HERE}}}{_RATE}))", "woken"),
                ),
            ),
            Panel(
                "Time to wake",
                "From the visit or call to a page that works.",
                "s",
                _quantiles("kontext_preview_operator_time_to_resume_seconds"),
            ),
            Panel(
                "Time to Ready",
                "From the object to a page that works, once per session.",
                "s",
                _quantiles("kontext_preview_operator_time_to_ready_seconds"),
            ),
            Panel(
                "Pods that were sent what they lacked",
                "New pods, and those that missed an update.",
                "ops",
                (Line(_rate("kontext_preview_operator_hydrations_total", "result"), "{{result}}"),),
                stacked=True,
            ),
        ),
    ),
    Row(
        "Operator",
        (
            Panel(
                "Queue",
                "Keys with a time at which to look at them, most of them in the future.",
                "short",
                (Line(f"sum(kontext_preview_operator_queue_length{{{_HERE}}})", "keys"),),
            ),
            Panel(
                "Wait in the queue",
                "How much later than wished a key is looked at.",
                "s",
                _quantiles("kontext_preview_operator_queue_wait_seconds"),
            ),
            Panel(
                "Passes",
                "Looks at one session or one runtime.",
                "ops",
                (Line(_rate("kontext_preview_operator_pass_duration_seconds_count", "kind"), "{{kind}}"),),
            ),
            Panel(
                "Time of a pass",
                "Most of it waits for the API server or for a runtime.",
                "s",
                _quantiles("kontext_preview_operator_pass_duration_seconds"),
            ),
            Panel(
                "What was done",
                "Writes to the cluster by kind, and pods that were filled.",
                "ops",
                (Line(_rate("kontext_preview_operator_actions_total", "action"), "{{action}}"),),
                stacked=True,
            ),
            Panel(
                "Errors",
                "Passes that failed and are tried again. Refused and Unavailable are the API server's.",
                "ops",
                (Line(_rate("kontext_preview_operator_pass_errors_total", "kind, error"), "{{kind}} {{error}}"),),
                stacked=True,
            ),
            Panel(
                "Watches",
                "Events that were told, and changes that only a list showed.",
                "ops",
                (
                    Line(_rate("kontext_preview_operator_watch_events_total", "resource"), "{{resource}}"),
                    Line(_rate("kontext_preview_operator_watch_missed_total", "resource"), "missed: {{resource}}"),
                ),
            ),
            Panel(
                "Lag of the event loop",
                "How late a timer is. At 10 s the operator asks to be started anew.",
                "s",
                (Line(f"max(kontext_preview_operator_event_loop_lag_seconds{{{_HERE}}})", "lag"),),
            ),
        ),
    ),
)


def generated() -> dict[Path, str]:
    dashboard = {
        "uid": _UID,
        "title": "kontext-preview",
        "tags": ["kontext-preview"],
        "editable": True,
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [_source(), _namespace()]},
        "panels": [{"id": number, **panel} for number, panel in enumerate(_placed(), start=1)],
    }
    return {DASHBOARD: json.dumps(dashboard, indent=1) + "\n"}


def _source() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _namespace() -> dict[str, Any]:
    query = "label_values(kontext_preview_operator_queue_length, namespace)"
    return {
        "name": "namespace",
        "label": "Namespace",
        "type": "query",
        "datasource": _reference(),
        "query": {"query": query, "refId": "namespace"},
        "refresh": 2,
    }


def _reference() -> dict[str, str]:
    return {"type": "prometheus", "uid": "${datasource}"}


def _placed() -> Iterator[dict[str, Any]]:
    """Rows under each other, three panels beside each other."""
    top, width = 0, _COLUMNS // 3
    for row in ROWS:
        yield {
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1},
        }
        top += 1
        for number, panel in enumerate(row.panels):
            place = {"x": number % 3 * width, "y": top + number // 3 * _HEIGHT, "w": width, "h": _HEIGHT}
            yield {**_drawn(panel), "gridPos": place}
        top += -(-len(row.panels) // 3) * _HEIGHT


def _drawn(panel: Panel) -> dict[str, Any]:
    custom = {"fillOpacity": 30, "stacking": {"mode": "normal"}} if panel.stacked else {"fillOpacity": 0}
    return {
        "type": "timeseries",
        "title": panel.title,
        "description": panel.text,
        "datasource": _reference(),
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": custom}, "overrides": []},
        "options": {"tooltip": {"mode": "multi"}, "legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "expr": line.expr,
                "legendFormat": line.legend,
                "datasource": _reference(),
            }
            for number, line in enumerate(panel.lines)
        ],
    }
