"""Who needs what, folded into one table of edges."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blueprint.types import DataClass, Dialect, KeyPurpose
from blueprint.wiring import Needs, Offer, Registration, Want, fold, slug

PHI = frozenset({DataClass.PHI})
ROUTE = Offer(name="model-route", dialect=Dialect.MODEL_ROUTE)
OTLP = Offer(name="otlp", dialect=Dialect.OTLP)


def wants(*of: str) -> Needs:
    return Needs(
        wants=tuple(Want(name=f"route-{name}", dialect=Dialect.MODEL_ROUTE, of=f"serving/{name}") for name in of),
        workloads=frozenset({"gateway"}),
    )


def test_a_want_meets_the_offer_that_it_names() -> None:
    table, problems = fold(
        {"gateway": wants("a"), "serving/a": Needs(offers=(ROUTE,)), "serving/b": Needs(offers=(ROUTE,))}, PHI
    )
    assert problems == ()
    assert [(edge.consumer, edge.workload, edge.provider, edge.id) for edge in table.edges] == [
        ("gateway", "gateway", "serving/a", "gateway-gateway-route-a")
    ]


def test_a_want_that_names_nobody_needs_exactly_one_offer() -> None:
    asks = Needs(wants=(Want(name="otlp", dialect=Dialect.OTLP),), workloads=frozenset({"w"}))
    table, problems = fold({"a": asks, "x": Needs(offers=(OTLP,)), "y": Needs(offers=(OTLP,))}, PHI)
    assert table.edges == ()
    assert [(problem.what, problem.allowed) for problem in problems] == [("needs one otlp, and 2 are offered", "x, y")]


def test_a_want_that_nobody_meets_is_a_problem_and_leaves_no_edge() -> None:
    table, problems = fold({"gateway": wants("c"), "serving/a": Needs(offers=(ROUTE,))}, PHI)
    assert table.edges == ()
    assert "nobody offers it" in problems[0].what


def test_an_optional_want_that_nobody_meets_is_no_problem_and_no_edge() -> None:
    asks = Needs(wants=(Want(name="otlp", dialect=Dialect.OTLP, optional=True),), workloads=frozenset({"w"}))
    assert fold({"a": asks}, PHI)[0].edges == ()
    assert fold({"a": asks}, PHI)[1] == ()
    assert [edge.provider for edge in fold({"a": asks, "x": Needs(offers=(OTLP,))}, PHI)[0].edges] == ["x"]


def test_an_optional_want_that_several_meet_is_still_a_problem() -> None:
    asks = Needs(wants=(Want(name="otlp", dialect=Dialect.OTLP, optional=True),), workloads=frozenset({"w"}))
    _, problems = fold({"a": asks, "x": Needs(offers=(OTLP,)), "y": Needs(offers=(OTLP,))}, PHI)
    assert [problem.what for problem in problems] == ["needs one otlp, and 2 are offered"]


MODEL = Registration(kind="model", name="qwen", owner="a@example.org", risk_class="high")


def test_a_model_is_approved_by_somebody_else_than_its_owner() -> None:
    assert not MODEL.approved
    assert not MODEL.model_copy(update={"approved_by": "A@example.org"}).approved
    assert MODEL.model_copy(update={"approved_by": "b@example.org"}).approved


def test_what_serves_a_model_is_unapproved_as_long_as_its_weights_are() -> None:
    weights = Offer(name="weights", dialect=Dialect.WEIGHTS)
    serving = Needs(
        wants=(Want(name="weights", dialect=Dialect.WEIGHTS, of="models/qwen"),),
        offers=(ROUTE,),
        workloads=frozenset({"w"}),
    )
    asked = {
        "models/qwen": Needs(offers=(weights,), registers=(MODEL,)),
        "serving/chat": serving,
        "gateway": wants("chat"),
    }
    table, _ = fold(asked, PHI)
    assert table.unapproved("serving/chat") == table.unapproved("models/qwen") == (MODEL,)
    assert table.unapproved("gateway") == ()
    assert table.registered == (("models/qwen", MODEL),)


def test_nobody_is_wired_to_itself() -> None:
    both = Needs(wants=(Want(name="otlp", dialect=Dialect.OTLP),), offers=(OTLP,), workloads=frozenset({"w"}))
    assert fold({"a": both}, PHI)[0].edges == ()


def test_what_is_used_without_data_makes_no_edge_but_must_exist() -> None:
    table, problems = fold({"serving/a": Needs(uses=frozenset({"gpu_pools/big"})), "gpu_pools/small": Needs()}, PHI)
    assert table.edges == ()
    assert [(problem.value, problem.allowed) for problem in problems] == [("big", "small")]


def test_every_workload_of_a_consumer_gets_its_own_edge() -> None:
    asks = Needs(wants=(Want(name="otlp", dialect=Dialect.OTLP),), workloads=frozenset({"b", "a"}))
    table, _ = fold({"x": asks, "y": Needs(offers=(OTLP,))}, PHI)
    assert [edge.workload for edge in table.edges] == ["a", "b"]


def test_a_component_holds_the_platform_s_data_unless_it_says_otherwise() -> None:
    table, _ = fold({"a": Needs(), "b": Needs(data_classes=frozenset())}, PHI)
    assert (table.classes("a"), table.classes("b"), table.classes("nobody")) == (PHI, frozenset(), PHI)


def test_what_all_components_ask_is_added_up() -> None:
    table, _ = fold(
        {
            "a": Needs(
                services=frozenset({"s3"}),
                egress=frozenset({"x.example.org"}),
                keys=frozenset({KeyPurpose.LOGS}),
                quotas={"L-1": 2},
            ),
            "b": Needs(services=frozenset({"kms"}), processors=frozenset({"Acme"}), quotas={"L-1": 3}),
        },
        PHI,
    )
    assert table.services == {"s3", "kms"}
    assert table.egress == {"x.example.org"}
    assert table.keys == {KeyPurpose.LOGS}
    assert table.quotas == {"L-1": 5}
    assert table.processors == (("Acme", "b", PHI),)


@given(st.permutations(["a", "b", "c"]))
def test_the_table_does_not_depend_on_the_order_of_the_document(order: list[str]) -> None:
    needs = {"gateway": wants("a", "b", "c"), **{f"serving/{name}": Needs(offers=(ROUTE,)) for name in order}}
    reference = {"gateway": wants("a", "b", "c"), **{f"serving/{name}": Needs(offers=(ROUTE,)) for name in "abc"}}
    assert fold(needs, PHI) == fold(reference, PHI)


def test_a_noun_becomes_part_of_a_resource_name() -> None:
    assert slug("gpu_pools/l40s") == "gpu-pools-l40s"


MCP = Offer(name="mcp", dialect=Dialect.MCP, names=frozenset({"find", "close"}), held=frozenset({"close"}))


def asks(*names: str, approved: frozenset[str] = frozenset()) -> Needs:
    want = Want(name="tools", dialect=Dialect.MCP, allows=frozenset(names), approved=approved)
    return Needs(wants=(want,), workloads=frozenset({"w"}))


def test_a_name_that_the_provider_does_not_offer_is_a_problem_with_the_nearest_one() -> None:
    _, problems = fold({"agents/a": asks("fnd"), "tools/t": Needs(offers=(MCP,))}, PHI)
    assert [(each.path, each.what, each.allowed) for each in problems] == [
        (("agents", "a"), "asks tools/t for 'fnd', which it does not offer", "did you mean find?")
    ]


def test_what_waits_for_a_person_is_not_used_without_approval() -> None:
    given = {"tools/t": Needs(offers=(MCP,))}
    assert [each.what for each in fold({**given, "agents/a": asks("close")}, PHI)[1]] == [
        "uses 'close' of tools/t without approval"
    ]
    assert fold({**given, "agents/a": asks("close", approved=frozenset({"close"}))}, PHI)[1] == ()
    assert fold({**given, "agents/a": asks("find")}, PHI)[1] == ()


def test_a_provider_that_does_not_know_its_names_takes_any() -> None:
    open_ = Needs(offers=(Offer(name="mcp", dialect=Dialect.MCP),))
    assert fold({"agents/a": asks("whatever"), "tools/t": open_}, PHI)[1] == ()
