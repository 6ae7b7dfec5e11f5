"""What a stack document may say about measuring the quality of answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from blueprint.spec import Spec
from blueprint.types import Dialect, Frozen, KeyPurpose, Name
from blueprint.wiring import Needs, Want

Share = Annotated[float, Field(ge=0, le=1)]
ObjectKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Group = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:/@-]{0,127}$")]

WORKLOAD = "evaluation"
KEY_PREFIX = "sk-"
"""What the gateway takes for a key."""
SCHEDULES = {6: "17 */6 * * *", 12: "17 */12 * * *", 24: "17 3 * * *", 168: "17 3 * * 1"}
"""Hours between two runs -> when they begin, by UTC."""


class Dataset(Frozen):
    """Questions, one JSON object a line: id, question, and as far as known reference, relevant (ids), json_keys."""

    key: ObjectKey = Field(description="Object in the evaluation's own bucket; whoever may write there brings it")
    digest: Digest = Field(description="sha256 of the object; another content is not used, and the run fails")
    most_questions: int = Field(
        200, ge=1, le=10_000, description="Questions that are asked, the first ones; left out: 200"
    )


class Retrieval(Frozen):
    """What is searched for the questions that name relevant documents."""

    store: Name = Field(description="Name of an entry of `vector_stores` or `tools` that the gateway lets through")
    top: int = Field(5, ge=1, le=100, description="The k of precision@k; left out: 5")
    groups: tuple[Group, ...] = Field(
        min_length=1, description="Groups for which is searched: they decide what may be found"
    )
    embedding: Name | None = Field(
        None, description="Route that makes vectors of the questions; left out: words alone are searched for"
    )


class Thresholds(Frozen):
    """What is asked of each measure, from 0 to 1; below it an alert is raised."""

    judge: Share = Field(0.7, description="Mean mark of the judge; left out: 0.7")
    format: Share = Field(0.95, description="Share of answers in the form that was asked for; left out: 0.95")
    retrieval: Share = Field(0.6, description="Mean precision@k; left out: 0.6")


class EvaluationSpec(Spec):
    """Runs that ask models the questions of a dataset, have the answers judged, and report measures as metrics."""

    kind: Literal["scheduled"] = "scheduled"
    models: tuple[Name, ...] = Field(min_length=1, description="Routes of the gateway whose answers are judged")
    judge: Name = Field(description="Route that judges; one of another family than the judged ones is the fairer judge")
    dataset: Dataset = Field(description="What is asked")
    retrieval: Retrieval | None = Field(None, description="What is searched; left out: no precision is measured")
    thresholds: Thresholds = Field(Thresholds(), description="What is asked of each measure; left out: see Thresholds")
    every_hours: Literal[6, 12, 24, 168] = Field(24, description="Hours between two runs; left out: 24")
    minutes: int = Field(60, ge=5, le=350, description="The longest that a run may take; left out: 60")
    keep: bool = Field(
        default=True,
        description="Whether the bucket with the questions outlives the stack; left out: protected, kept on delete",
    )

    @model_validator(mode="after")
    def _each_route_once(self) -> EvaluationSpec:
        again = sorted({name for name in self.models if self.models.count(name) > 1})
        if again:
            raise ValueError(f"models names {', '.join(again)} more than once; each is asked once anyway: name it once")
        return self

    @property
    def routes(self) -> frozenset[str]:
        """Routes that it calls."""
        vectors = {self.retrieval.embedding} if self.retrieval and self.retrieval.embedding else set[str]()
        return frozenset({*self.models, self.judge, *vectors})

    def needs(self) -> Needs:
        """The gateway with a key of its own, a sink for metrics, and for lineage where there is one."""
        tools = () if self.retrieval is None else (
            Want(name="tools", dialect=Dialect.MCP, of="gateway", workload=WORKLOAD,
                 allows=frozenset({f"{self.retrieval.store}/search"})),
        )  # fmt: skip
        return Needs(
            wants=(
                Want(name="models", dialect=Dialect.OPENAI_V1, workload=WORKLOAD, allows=self.routes),
                *tools,
                Want(name="otlp", dialect=Dialect.OTLP, access="write", workload=WORKLOAD, allows=frozenset({"http"})),
                Want(name="lineage", dialect=Dialect.OPENLINEAGE, access="write", workload=WORKLOAD, optional=True),
            ),
            workloads=frozenset({WORKLOAD}),
            services=frozenset({"s3", "secretsmanager", "sts", "eks-auth"}),
            keys=frozenset({KeyPurpose.OBJECTS, KeyPurpose.SECRETS}),
            secrets=frozenset({"gateway-key"}),
            prefixes={"gateway-key": KEY_PREFIX},
        )
