"""Changes to a graph."""

from pydantic import JsonValue

from blueprint.graph import UNKNOWN, Resource, ResourceGraph
from tools.outside.edits import GONE, at, places, put, unread, without

RULES: dict[str, JsonValue] = {"rules": [{"status": "on"}, {"status": "off", "days": 3}], "name": "x"}
URN = "urn:pulumi:s::p::t::r"


def test_a_star_stands_for_every_member_of_a_list() -> None:
    assert places(RULES, "rules.*.status") == ("rules.0.status", "rules.1.status")
    assert places(RULES, "rules.*.days") == ("rules.1.days",)
    assert places(RULES, "rules.1.days") == ("rules.1.days",)
    assert places(RULES, "other.path") == ()
    assert at(RULES, "rules.1.days") == 3


def test_what_is_missing_on_the_way_is_made() -> None:
    assert put({}, "rules.*.filter.prefix", "a") == {"rules": [{"filter": {"prefix": "a"}}]}
    assert put({}, "rule.prefix", GONE) == {}


def test_the_inputs_that_were_given_stay_as_they_are() -> None:
    assert put(RULES, "rules.*.status", "off")["rules"] == [{"status": "off"}, {"status": "off", "days": 3}]
    assert put(RULES, "rules.1.days", GONE)["rules"] == [{"status": "on"}, {"status": "off"}]
    assert put(RULES, "rules.0", GONE)["rules"] == [{"status": "off", "days": 3}]
    assert RULES["rules"] == [{"status": "on"}, {"status": "off", "days": 3}]


def test_an_unread_property_depends_on_nothing() -> None:
    graph = ResourceGraph(
        "s", (Resource(URN, "t", "r", inputs={"key": "k", "name": "n"}, property_dependencies={"key": (URN,)}),)
    )
    found = unread(graph, [URN], ("key",)).resources[0]
    assert (found.inputs, found.property_dependencies) == ({"key": UNKNOWN, "name": "n"}, {})
    assert without(graph, [URN]).resources == ()
