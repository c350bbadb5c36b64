"""Dashboard and alerts name only what API and operator really export, and every alert has a page that explains it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from helm import dashboard, render
from prometheus_client import Counter, Gauge, Histogram
from tests.chart import promql
from tests.chart.conftest import EVERYTHING, of_kind
from tests.unit.api.memory import MemoryBackend

from preview_api import metrics as api
from preview_api.endpoints import health, sessions
from preview_api.service import PreviewService
from preview_core.resources.conditions import Phase
from preview_core.wire import HmrKind
from preview_operator import metrics as operator

OPERATIONS = render.ROOT / "docs" / "operations.md"
# Put on by Prometheus itself when it scrapes a pod by a PodMonitor.
TARGET = {"namespace", "pod", "container", "job", "instance", "endpoint"}
LEGEND = re.compile(r"\{\{(\w+)\}\}")


def series(registered: object) -> Iterator[tuple[str, frozenset[str]]]:
    """Names with their labels, as /metrics has them."""
    for metric in vars(registered).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            name, labels = metric._name, frozenset(metric._labelnames)
            if isinstance(metric, Gauge):
                yield name, labels
            elif isinstance(metric, Counter):
                yield f"{name}_total", labels
            else:
                yield f"{name}_bucket", labels | {"le"}
                yield from ((f"{name}_{part}", labels) for part in ("sum", "count"))


EXPORTED: Mapping[str, frozenset[str]] = dict((*series(api.Metrics()), *series(operator.Metrics())))


def routes() -> set[str]:
    backend, metrics = MemoryBackend(), api.Metrics()
    routers = (sessions.router(PreviewService(backend, lambda: 0, metrics)), health.router(backend, metrics))
    return {getattr(route, "path", "") for router in routers for route in router.routes}


# Labels of which every value is known.
VALUES: Mapping[str, set[str]] = {
    "phase": {phase.value for phase in Phase},
    "hmr": {"away", *(kind.value for kind in HmrKind)},
    "method": {"GET", "POST", "DELETE"},
    "route": routes(),
}


def shown() -> list[tuple[str, str, str]]:
    """Panel, query and legend of the dashboard that is rendered."""
    [found] = [one for one in render.documents(EVERYTHING) if one["metadata"]["name"].endswith("-dashboard")]
    [text] = found["data"].values()
    return [
        (panel["title"], target["expr"], target["legendFormat"])
        for panel in json.loads(text)["panels"]
        for target in panel.get("targets", ())
    ]


def rules() -> list[dict[str, Any]]:
    [found] = of_kind(render.documents(EVERYTHING), "PrometheusRule").values()
    return [rule for group in found["spec"]["groups"] for rule in group["rules"]]


PANELS, ALERTS = shown(), rules()
EXPRESSIONS = {
    **{f"{title}: {legend}": expr for title, expr, legend in PANELS},
    **{rule["alert"]: rule["expr"] for rule in ALERTS},
}


@pytest.mark.parametrize("text", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_names_what_is_exported(text: str) -> None:
    read = promql.read(text)
    known: set[str] = set(TARGET)
    for selector in read.selectors:
        assert selector.metric in EXPORTED
        labels = EXPORTED[selector.metric]
        known |= labels
        assert {matcher.label for matcher in selector.matchers} <= labels | TARGET
        for matcher in selector.matchers:
            assert set(matcher.values) <= VALUES.get(matcher.label, set(matcher.values))
    assert read.grouped <= known


@pytest.mark.parametrize("text", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_looks_at_one_release_only(text: str) -> None:
    for selector in promql.read(text).selectors:
        [where] = [matcher.value for matcher in selector.matchers if matcher.label == "namespace"]
        assert where in ("$namespace", render.NAMESPACE)


@pytest.mark.parametrize(("title", "expr", "legend"), PANELS)
def test_a_legend_names_labels_that_the_query_keeps(title: str, expr: str, legend: str) -> None:
    assert set(LEGEND.findall(legend)) == promql.read(expr).grouped - {"le"}, title


def test_what_people_ask_for_is_shown() -> None:
    used = {selector.metric for _, expr, _ in PANELS for selector in promql.read(expr).selectors}
    assert used >= {
        "kontext_preview_sessions_created_total",
        "kontext_preview_updates_total",
        "kontext_preview_http_requests_total",
        "kontext_preview_http_request_duration_seconds_bucket",
        "kontext_preview_push_duration_seconds_bucket",
        "kontext_preview_operator_sessions",
        "kontext_preview_operator_time_to_ready_seconds_bucket",
        "kontext_preview_operator_queue_wait_seconds_bucket",
        "kontext_preview_operator_pass_errors_total",
    }


def test_what_must_not_be_absent_is_there_from_the_start() -> None:
    """A series with labels of its own begins with the first thing that it counts."""
    missed = [rule for rule in ALERTS if "absent(" in rule["expr"]]
    assert len(missed) == 2
    for rule in missed:
        [selector] = promql.read(rule["expr"]).selectors
        assert EXPORTED[selector.metric] == frozenset()


def test_what_matters_is_watched() -> None:
    watched = {selector.metric for rule in ALERTS for selector in promql.read(rule["expr"]).selectors}
    assert watched >= {
        "kontext_preview_http_requests_total",
        "kontext_preview_updates_total",
        "kontext_preview_operator_sessions",
        "kontext_preview_operator_time_to_ready_seconds_bucket",
        "kontext_preview_operator_queue_wait_seconds_bucket",
        "kontext_preview_operator_pass_errors_total",
    }


def test_an_alert_says_what_it_means_and_where_to_read_what_to_do() -> None:
    headings = re.findall(r"^### (\w+)$", OPERATIONS.read_text(), re.MULTILINE)
    assert headings == [rule["alert"] for rule in ALERTS]
    for rule in ALERTS:
        assert rule["labels"]["severity"] in ("warning", "critical")
        annotations = rule["annotations"]
        assert annotations["summary"].endswith(".")
        # As web pages of Markdown name a section.
        assert annotations["runbook_url"] == f"https://wiki.example.org/operations#{rule['alert'].lower()}"


def test_a_section_of_the_runbook_says_what_to_look_at_and_what_to_do() -> None:
    _, *parts = re.split(r"^### \w+$", OPERATIONS.read_text(), flags=re.MULTILINE)
    for part in parts:
        assert "**Means**" in part
        assert "**Do**" in part


def test_what_is_not_asked_for_is_not_made(defaults: list[render.Document]) -> None:
    assert not {"PodMonitor", "PrometheusRule", "ConfigMap"} & {one["kind"] for one in defaults}


def test_the_monitor_scrapes_api_and_operator_at_their_port(everything: list[render.Document]) -> None:
    [monitor] = of_kind(everything, "PodMonitor").values()
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert monitor["spec"]["podMetricsEndpoints"] == [{"port": "http", "path": "/metrics", "interval": "15s"}]
    [component] = monitor["spec"]["selector"]["matchExpressions"]
    found = set()
    for name, deployment in of_kind(everything, "Deployment").items():
        template = deployment["spec"]["template"]
        labels = template["metadata"]["labels"]
        if (
            monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
            and labels["app.kubernetes.io/component"] in component["values"]
        ):
            assert deployment["metadata"]["namespace"] == monitor["metadata"]["namespace"]
            assert [port["name"] for port in template["spec"]["containers"][0]["ports"]] == ["http"]
            found.add(name)
    assert found == {"api", "operator"}


def test_the_dashboard_is_found_by_grafanas_sidecar(everything: list[render.Document]) -> None:
    [found] = of_kind(everything, "ConfigMap").values()
    assert found["metadata"]["labels"].items() >= {"dashboards": "yes", "grafana_dashboard": "1"}.items()
    assert found["metadata"]["annotations"] == {"folder": "Previews"}
    [(name, text)] = found["data"].items()
    assert name.endswith(".json")
    assert json.loads(text) == json.loads(dashboard.DASHBOARD.read_text())


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    panels = json.loads(dashboard.DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
        assert max(x for x, _ in cells) < 24
