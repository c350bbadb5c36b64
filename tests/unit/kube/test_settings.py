from __future__ import annotations

import pytest

from preview_core.kube.settings import ClusterSettings, SettingsInvalid

LEAST = {"KONTEXT_NAMESPACE": "sessions", "KONTEXT_DOMAIN": "preview.example.org"}


def test_two_variables_are_enough() -> None:
    settings = ClusterSettings.of(LEAST)
    assert (settings.namespace, settings.control_namespace) == ("sessions", "sessions")
    assert (settings.secret, settings.runtime, settings.port) == ("kontext-preview", "default", 8080)
    assert settings.address.url("x") == "https://preview-x.preview.example.org/"
    assert settings.allowed_origins == settings.trusted_proxies == ()
    assert settings.routing == "perSession"
    assert (settings.ingress_class, settings.tls_secret, settings.ingress_annotations) == (None, None, {})


def test_everything_can_be_said() -> None:
    settings = ClusterSettings.of(
        {
            **LEAST,
            "KONTEXT_CONTROL_NAMESPACE": "control",
            "KONTEXT_SECRET": "secret",
            "KONTEXT_RUNTIME": "big",
            "KONTEXT_SCHEME": "http",
            "KONTEXT_PUBLIC_PORT": "8443",
            "KONTEXT_ROUTING": "wildcard",
            "KONTEXT_ALLOWED_ORIGINS": "https://kontext.build, http://localhost:5173,",
            "KONTEXT_TRUSTED_PROXIES": "10.1.2.3/8, 2001:db8::/32,192.0.2.1",
            "KONTEXT_INGRESS_CLASS": "traefik",
            "KONTEXT_TLS_SECRET": "wildcard",
            "KONTEXT_INGRESS_ANNOTATIONS": '{"a.example.org/b": "c"}',
            "KONTEXT_LOG_LEVEL": "debug",
            "KONTEXT_PORT": "9000",
        }
    )
    assert settings.address.url("x") == "http://preview-x.preview.example.org:8443/"
    assert settings.allowed_origins == ("https://kontext.build", "http://localhost:5173")
    assert settings.trusted_proxies == ("10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32")
    assert settings.ingress_annotations == {"a.example.org/b": "c"}
    assert settings.routing == "wildcard"
    assert (settings.control_namespace, settings.port, settings.log_level) == ("control", 9000, "debug")


def test_an_empty_variable_is_an_unset_one() -> None:
    optional = "CONTROL_NAMESPACE SECRET RUNTIME SCHEME PUBLIC_PORT ALLOWED_ORIGINS TRUSTED_PROXIES INGRESS_CLASS"
    optional += " TLS_SECRET INGRESS_ANNOTATIONS LOG_LEVEL PORT ROUTING"
    empty = {f"KONTEXT_{name}": "" for name in optional.split()}
    assert ClusterSettings.of({**LEAST, **empty}) == ClusterSettings.of(LEAST)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KONTEXT_NAMESPACE", ""),
        ("KONTEXT_NAMESPACE", "Not A Name"),
        ("KONTEXT_NAMESPACE", "trailing-"),
        ("KONTEXT_NAMESPACE", "x" * 64),
        ("KONTEXT_DOMAIN", ""),
        ("KONTEXT_DOMAIN", "*.example.org"),
        ("KONTEXT_DOMAIN", "https://example.org"),
        ("KONTEXT_DOMAIN", "UPPER.example.org"),
        ("KONTEXT_SCHEME", "ftp"),
        ("KONTEXT_PUBLIC_PORT", "0"),
        ("KONTEXT_PUBLIC_PORT", "65536"),
        ("KONTEXT_PORT", "eighty"),
        ("KONTEXT_ALLOWED_ORIGINS", "kontext.build"),
        ("KONTEXT_ALLOWED_ORIGINS", "https://kontext.build/"),
        ("KONTEXT_ALLOWED_ORIGINS", "*"),
        ("KONTEXT_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("KONTEXT_TRUSTED_PROXIES", "proxy.example.org"),
        ("KONTEXT_INGRESS_ANNOTATIONS", "[]"),
        ("KONTEXT_INGRESS_ANNOTATIONS", '{"a": 1}'),
        ("KONTEXT_INGRESS_ANNOTATIONS", "{"),
        ("KONTEXT_LOG_LEVEL", "loud"),
        ("KONTEXT_ROUTING", "none"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        ClusterSettings.of({**LEAST, name: value})
