"""What API, operator and waker are told by their environment: one description of the variables for all three."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

from preview_core.address import PublicAddress, Scheme

T = TypeVar("T")

# An Ingress for each session; or one wildcard to a proxy, made by the chart, that finds a Service by the host.
Routing = Literal["perSession", "wildcard"]

_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_NAME = re.compile(_LABEL)
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_ORIGIN = re.compile(r"https?://[^\s/,]+")
_LEVELS = ("debug", "info", "warning", "error")


class SettingsInvalid(Exception):
    """Names the variable and what it should be, for whoever installs."""


@dataclass(frozen=True)
class ClusterSettings:
    """`namespace` holds the sessions, `control_namespace` the Secret from which tokens are derived."""

    namespace: str
    control_namespace: str
    secret: str
    runtime: str  # the PreviewRuntime of sessions whose caller names none
    address: PublicAddress
    routing: Routing
    allowed_origins: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    ingress_class: str | None
    tls_secret: str | None
    ingress_annotations: Mapping[str, str]
    log_level: str
    port: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> ClusterSettings:
        """Raises SettingsInvalid."""
        read = _Reader(environment)
        namespace = read.name("KONTEXT_NAMESPACE")
        return cls(
            namespace=namespace,
            control_namespace=read.name("KONTEXT_CONTROL_NAMESPACE", namespace),
            secret=read.name("KONTEXT_SECRET", "kontext-preview"),
            runtime=read.name("KONTEXT_RUNTIME", "default"),
            address=PublicAddress(
                scheme=cast(Scheme, read.one_of("KONTEXT_SCHEME", ("https", "http"))),
                domain=read.matching("KONTEXT_DOMAIN", _DOMAIN, "a domain such as preview.example.org"),
                port=read.port("KONTEXT_PUBLIC_PORT"),
            ),
            routing=cast(Routing, read.one_of("KONTEXT_ROUTING", ("perSession", "wildcard"))),
            allowed_origins=read.many("KONTEXT_ALLOWED_ORIGINS", _origin),
            trusted_proxies=read.many("KONTEXT_TRUSTED_PROXIES", _network),
            ingress_class=environment.get("KONTEXT_INGRESS_CLASS") or None,
            tls_secret=environment.get("KONTEXT_TLS_SECRET") or None,
            ingress_annotations=read.parsed("KONTEXT_INGRESS_ANNOTATIONS", "{}", _annotations),
            log_level=read.one_of("KONTEXT_LOG_LEVEL", _LEVELS, "info"),
            port=read.port("KONTEXT_PORT") or 8080,
        )


@dataclass(frozen=True)
class _Reader:
    environment: Mapping[str, str]

    def parsed(self, name: str, default: str | None, parse: Callable[[str], T]) -> T:
        """An empty variable counts as unset: that is what a template writes for an empty value."""
        text = self.environment.get(name) or default
        if text is None:
            raise SettingsInvalid(f"{name} is not set")
        try:
            return parse(text)
        except ValueError as error:
            raise SettingsInvalid(f"{name}: {error}") from error

    def matching(self, name: str, pattern: re.Pattern[str], meaning: str, default: str | None = None) -> str:
        def parse(text: str) -> str:
            if pattern.fullmatch(text) is None:
                raise ValueError(f"{text!r} is not {meaning}")
            return text

        return self.parsed(name, default, parse)

    def name(self, name: str, default: str | None = None) -> str:
        return self.matching(name, _NAME, "a name of lower-case letters, digits and dashes", default)

    def one_of(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        def parse(text: str) -> str:
            if text not in choices:
                raise ValueError(f"{text!r} is none of {', '.join(choices)}")
            return text

        return self.parsed(name, default or choices[0], parse)

    def port(self, name: str) -> int | None:
        def parse(text: str) -> int | None:
            if not text.strip():
                return None
            number = int(text)
            if not 0 < number < 65536:
                raise ValueError(f"{number} is not a port")
            return number

        return self.parsed(name, " ", parse)

    def many(self, name: str, check: Callable[[str], str]) -> tuple[str, ...]:
        def parse(text: str) -> tuple[str, ...]:
            return tuple(check(part.strip()) for part in text.split(",") if part.strip())

        return self.parsed(name, " ", parse)


def _origin(text: str) -> str:
    if _ORIGIN.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not an origin such as https://app.example.org")
    return text


def _network(text: str) -> str:
    return str(ipaddress.ip_network(text, strict=False))


def _annotations(text: str) -> Mapping[str, str]:
    found = json.loads(text)
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise ValueError("must be a JSON object whose values are texts")
    return found
