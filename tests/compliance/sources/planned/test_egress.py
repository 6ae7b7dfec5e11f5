"""The egress proxy, from Squid's own access rules."""

import pytest

from blueprint.graph import ResourceGraph
from compliance.facts.network import EgressProxy
from compliance.sources.planned.egress import squid
from compliance.sources.planned.source import subjects
from components.foundation.egress import squid_configuration
from tests.compliance.sources.planned.drawn import UNKNOWN, drawn, only, value

AUTH = "acl who proxy_auth REQUIRED\n"
LIST = "acl names dstdomain api.example.com\nacl names dstdomain .example.org\n"


@pytest.mark.parametrize(
    ("rules", "mode"),
    [
        (AUTH + LIST + "http_access deny !who\nhttp_access allow names\nhttp_access deny all", "authenticated_proxy"),
        (AUTH + LIST + "http_access allow who names\nhttp_access deny all", "authenticated_proxy"),
        (AUTH + LIST + "http_access allow names\nhttp_access deny !who\nhttp_access deny all", "allowlist"),
        (LIST + "http_access allow names\nhttp_access deny all", "allowlist"),
        (AUTH + "http_access deny !who\nhttp_access allow all\nhttp_access deny all", "open"),
        ("acl tls port 443\nhttp_access allow tls\nhttp_access deny all", "ports"),
        (AUTH + LIST + "http_access deny !who\nhttp_access allow names\nhttp_access deny names", "open"),
        ("", "authenticated_proxy"),
    ],
)
def test_the_mode_follows_from_the_order_of_the_rules(rules: str, mode: str) -> None:
    assert squid(rules).mode == mode


def test_the_configuration_that_we_write_reaches_the_strictest_level() -> None:
    found = only(EgressProxy, drawn("kubernetes:core/v1:ConfigMap", "egress-config", data={
        "squid.conf": squid_configuration(frozenset({"api.example.com"}))}))  # fmt: skip
    assert (value(found.mode), value(found.authenticated), value(found.allowed)) == (
        "authenticated_proxy", True, frozenset({"api.example.com"}),
    )  # fmt: skip


def test_a_configuration_map_of_something_else_is_no_proxy() -> None:
    maps = (
        drawn("kubernetes:core/v1:ConfigMap", "a", data={"config.yaml": "x"}),
        drawn("kubernetes:core/v1:ConfigMap", "b", data=UNKNOWN),
    )
    assert subjects(ResourceGraph("test", maps)).all(EgressProxy) == ()


def test_a_configuration_that_only_the_cloud_completes_is_unknown() -> None:
    found = only(EgressProxy, drawn("kubernetes:core/v1:ConfigMap", "a", data={"squid.conf": UNKNOWN}))
    assert value(found.mode) == "<cloud_decides>"
