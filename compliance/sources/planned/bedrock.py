"""Managed models, their guardrails, and the account's record of calls to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from pydantic import JsonValue

from blueprint.graph import Ref, is_unknown, parts
from blueprint.tags import Tag
from compliance.facts.base import Known, Leaf, Unknown
from compliance.facts.leaf import every, joined, mapped, some
from compliance.facts.serving import Guardrail, ManagedModel, ModelInvocationLog
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.links import Links
from compliance.sources.planned.reading import MISSING, Reading

GRANTS = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy")
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
VPC = "aws:ec2/vpc:Vpc"
PROFILE = "aws:bedrock/inferenceProfile:InferenceProfile"
CONTENT = ("HATE", "INSULTS", "MISCONDUCT", "SEXUAL", "VIOLENCE")
PERSONAL = ("ADDRESS", "EMAIL", "NAME", "PHONE", "US_SOCIAL_SECURITY_NUMBER")
"""Kinds of personal data that a guardrail must know at least to be said to redact."""
CARD = "CREDIT_DEBIT_CARD_NUMBER"
DELIVERIES = (
    "textDataDeliveryEnabled",
    "imageDataDeliveryEnabled",
    "embeddingDataDeliveryEnabled",
    "videoDataDeliveryEnabled",
)
Level: TypeAlias = Literal["off", "metadata", "redacted", "full"]
UNTOLD = ""
"""The model that a permission only the cloud knows is for."""
_STOPS = frozenset({"ANONYMIZE", "BLOCK"})
_INVOKES = "bedrock:invokemodel"
_HELD = "bedrock:guardrailidentifier"


def managed_model(reading: Reading) -> ManagedModel:
    """Fold an inference profile with the grants of those who may call it and the endpoint of the network."""
    return ManagedModel(
        id=reading.id("ManagedModel"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        guardrail=_guardrail(reading),
        private_endpoint=private_endpoint(reading),
        one_region=mapped(reading.text("modelSource.copyFrom"), lambda source: ":foundation-model/" in source),
        owner=_tagged(reading, Tag.MODEL_OWNER),
        risk_class=_tagged(reading, Tag.RISK_CLASS),
        approved=_approved(reading),
    )


def guardrail(reading: Reading) -> Guardrail:
    """Fold a guardrail."""
    return Guardrail(
        id=reading.id("Guardrail"),
        urns=(reading.urn,),
        data_classes=reading.classes(),
        key=reading.link("kmsKeyArn"),
        prompt_attack=_filters(reading, "PROMPT_ATTACK", "inputStrength"),
        content=every(_filters(reading, kind, way) for kind in CONTENT for way in ("inputStrength", "outputStrength")),
        redacts=every(_entity(reading, kind) for kind in PERSONAL),
        card_data_allowed=mapped(_entity(reading, CARD), lambda stopped: not stopped),
    )


def invocation_log(reading: Reading) -> ModelInvocationLog:
    """Fold the account's setting; it takes no tags and serves every data class of the account."""
    destination = _log_group(reading)
    told = mapped(destination, lambda ref: ref is not None)
    return ModelInvocationLog(
        id=reading.id("ModelInvocationLog"),
        urns=(reading.urn,),
        data_classes=reading.account_classes(),
        enabled=some((told, reading.present("loggingConfig.s3Config"))),
        prompt_logging=_level(some(reading.flag(f"loggingConfig.{name}") for name in DELIVERIES)),
        destination=destination,
    )


def _log_group(reading: Reading) -> Leaf[Ref | None]:
    """The log group, by reference or by its name, which is known before it is made."""
    link = reading.link("loggingConfig.cloudwatchConfig.logGroupName")
    if isinstance(link, Unknown) or link.value is None:
        return link
    urn = reading.links.derived(_log_groups).get(link.value.urn, link.value.urn)
    return Known(Ref(urn=urn, property="name"), link.origin)


def _log_groups(links: Links) -> Mapping[str, str]:
    found = links.graph.of("aws:cloudwatch/logGroup:LogGroup")
    return {name: each.urn for each in found if isinstance(name := each.inputs.get("name"), str)}


def _level(delivers: Leaf[bool]) -> Leaf[Level]:
    """Bedrock writes whole prompts or none; who called what it writes always."""
    if isinstance(delivers, Unknown):
        return delivers
    return Known("full" if delivers.value else "metadata", delivers.origin)


def _guardrail(reading: Reading) -> Leaf[Ref | None]:
    """The guardrail that every permission to call the model demands; the first that demands none speaks for all."""
    held = reading.links.derived(_conditions).get(reading.urn, ())
    if UNTOLD in reading.links.derived(_conditions):
        reading.doubtful()
    if not held:
        return mapped(reading.none("(grant)"), lambda _: None)
    weakest = next((leaf for leaf in held if isinstance(leaf, Unknown) or leaf.value is None), None)
    return weakest or reading.doubt("(grant)") or held[0]


def _conditions(links: Links) -> Mapping[str, tuple[Leaf[Ref | None], ...]]:
    """Inference profile -> the guardrail that each permission to call it demands."""
    found: dict[str, list[Leaf[Ref | None]]] = defaultdict(list)
    for grant in (Reading(each, links) for each in links.graph.of(*GRANTS)):
        document = grant.document("policy")
        if isinstance(document, Unknown):
            depends = [u for u in grant.resource.property_dependencies.get("policy", ()) if u in links.graph.by_urn]
            for urn in depends or [UNTOLD]:
                found[urn].append(document)
        listed = (
            document.value.get("Statement")
            if isinstance(document, Known) and isinstance(document.value, dict)
            else None
        )
        for number, statement in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(statement, dict) and statement.get("Effect") == "Allow" and _invokes(statement):
                for ref in _refs(statement.get("Resource")):
                    found[ref.urn].append(grant.known(f"policy.Statement.{number}.Condition", _demanded(statement)))
    return {urn: tuple(leaves) for urn, leaves in found.items()}


def _invokes(statement: Mapping[str, JsonValue]) -> bool:
    actions = statement.get("Action")
    return any(str(each).lower().startswith(_INVOKES) for each in (actions if isinstance(actions, list) else [actions]))


def _demanded(statement: Mapping[str, JsonValue]) -> Ref | None:
    condition = statement.get("Condition")
    for operator, keys in condition.items() if isinstance(condition, dict) else ():
        if (
            operator.startswith(("StringEquals", "ArnEquals"))
            and not operator.endswith("IfExists")
            and isinstance(keys, dict)
        ):
            for key, value in keys.items():
                if key.lower() == _HELD:
                    return next(_refs(value), None)
    return None


def _refs(value: JsonValue) -> Iterator[Ref]:
    for each in value if isinstance(value, list) else [value]:
        yield from (piece for piece in parts(each) or () if isinstance(piece, Ref))


def private_endpoint(reading: Reading) -> Leaf[bool]:
    """An interface endpoint whose name the network resolves to itself, so that a caller cannot pass it by.

    A network that exists already may have one that the graph does not show.
    """
    endpoint = reading.links.derived(_endpoint)
    if endpoint is not None:
        return endpoint.flag("privateDnsEnabled")
    existing = next((each for each in reading.links.graph.of(VPC) if each.external), None)
    if existing is not None:
        return Unknown("existing", reading.of(existing).origin("(VpcEndpoint)"))
    if any(is_unknown(each.inputs.get("serviceName")) for each in reading.links.graph.of(ENDPOINT)):
        reading.doubtful()
    return reading.none("(VpcEndpoint)")


def _endpoint(links: Links) -> Reading | None:
    """The first interface endpoint of Bedrock's runtime."""
    found = (Reading(each, links) for each in links.graph.of(ENDPOINT))
    return next((each for each in found if str(each.raw("serviceName")).endswith(".bedrock-runtime")), None)


def _filters(reading: Reading, kind: str, way: str) -> Leaf[bool]:
    path = "contentPolicyConfig.filtersConfigs"
    for item in reading.items(path):
        if reading.raw(f"{item}.type") == kind:
            return mapped(reading.text(f"{item}.{way}"), lambda strength: strength != "NONE")
    return reading.known(path, value=False)


def _tagged(reading: Reading, key: Tag) -> Leaf[str | None]:
    """What a tag states; None where the model does not carry it."""
    path = f"tags.{key.value}"
    if reading.resource.external:
        return Unknown("existing", reading.origin(path))
    value = reading.raw(path)
    if is_unknown(value):  # type: ignore[arg-type]
        return Unknown("cloud_decides", reading.origin(path))
    return Known(value if isinstance(value, str) else None, reading.origin(path))


def _approved(reading: Reading) -> Leaf[bool]:
    owner, approver = _tagged(reading, Tag.MODEL_OWNER), _tagged(reading, Tag.APPROVED_BY)
    day = mapped(_tagged(reading, Tag.APPROVED_ON), bool)
    other = joined(owner, approver, lambda one, two: bool(one) and bool(two) and one != two)
    return every([day, other])


def _entity(reading: Reading, kind: str) -> Leaf[bool]:
    """Whether a kind of data is masked or stopped in both directions."""
    path = "sensitiveInformationPolicyConfig.piiEntitiesConfigs"
    for item in reading.items(path):
        if reading.raw(f"{item}.type") == kind:
            both = [_way(reading, item, way) for way in ("input", "output")]
            return every(both)
    return reading.known(path, value=False)


def _way(reading: Reading, item: str, way: str) -> Leaf[bool]:
    if reading.raw(f"{item}.{way}Enabled") is False:
        return reading.known(f"{item}.{way}Enabled", value=False)
    own = f"{item}.{way}Action"
    return mapped(
        reading.text(own if reading.raw(own) is not MISSING else f"{item}.action"), lambda word: word in _STOPS
    )


ADAPTERS = (
    Adapter(PROFILE, managed_model),
    Adapter("aws:bedrock/guardrail:Guardrail", guardrail),
    Adapter("aws:bedrockmodel/invocationLoggingConfiguration:InvocationLoggingConfiguration", invocation_log),
)
