"""G35, as far as a NetworkPolicy says it."""

from __future__ import annotations

from typing import Any

from tests.unit.operator.world import SECRET, SETTINGS, runtime, session

from preview_operator.pods import make_pod
from preview_operator.policy import make_policy, policy_name


def spec(**egress: Any) -> dict[str, Any]:
    found: dict[str, Any] = make_policy(runtime(egress=egress), "control")["spec"]
    return found


def test_g35_without_a_word_a_session_may_reach_nothing() -> None:
    assert spec()["egress"] == []
    assert "Egress" in spec()["policyTypes"]


def test_g35_the_control_port_is_open_to_the_control_namespace_only() -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "control"}}}]
    assert {"ports": [{"protocol": "TCP", "port": 9001}], "from": peers} in spec()["ingress"]
    assert sum(rule["ports"][0]["port"] == 9001 for rule in spec()["ingress"]) == 1


def test_visitors_reach_the_previews_port_and_no_other() -> None:
    open_to_all = [rule["ports"] for rule in spec()["ingress"] if "from" not in rule]
    assert open_to_all == [[{"protocol": "TCP", "port": 8080}]]


def test_no_rule_is_without_ports_which_would_open_all_of_them() -> None:
    assert all(rule["ports"] for rule in spec()["ingress"])


def test_what_the_runtime_allows_is_allowed() -> None:
    allow = [{"cidr": "203.0.113.0/24", "ports": [443, 80]}, {"cidr": "2001:db8::/32"}]
    assert spec(allow=allow)["egress"] == [
        {
            "to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}],
            "ports": [{"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 80}],
        },
        {"to": [{"ipBlock": {"cidr": "2001:db8::/32"}}]},
    ]


def test_name_resolution_is_a_choice() -> None:
    assert spec(dns=True)["egress"] == [
        {"ports": [{"protocol": "TCP", "port": 53}, {"protocol": "UDP", "port": 53}]},
    ]


def test_it_selects_the_pods_of_its_runtime_and_not_the_waker() -> None:
    chosen = spec()["podSelector"]["matchLabels"]
    labels = make_pod(session(), runtime(), 1, SETTINGS, SECRET)["metadata"]["labels"]
    assert chosen.items() <= labels.items()
    assert chosen["preview.coinnation.io/part"] == "pod"


def test_it_goes_with_its_runtime() -> None:
    metadata = make_policy(runtime(), "control")["metadata"]
    assert metadata["name"] == policy_name("default")
    assert metadata["ownerReferences"][0]["uid"] == "r"
    assert metadata["ownerReferences"][0]["kind"] == "PreviewRuntime"


def test_g35_a_wide_range_leaves_the_metadata_address_out_and_a_narrow_one_may_name_it() -> None:
    def block(cidr: str) -> object:
        return spec(allow=[{"cidr": cidr}])["egress"][0]["to"][0]["ipBlock"]

    assert block("0.0.0.0/0") == {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}
    assert block("169.254.169.254/32") == {"cidr": "169.254.169.254/32"}
    assert block("::/0") == {"cidr": "::/0"}
