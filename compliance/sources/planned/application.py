"""REST APIs, user pools and their clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from blueprint.graph import is_unknown
from compliance.facts.application import Api, AppClient, UserPool
from compliance.facts.base import Known, Leaf, Ref, Unknown
from compliance.facts.leaf import every, inverted, joined, mapped, some
from compliance.facts.policy import open_to_anybody
from compliance.sources.planned.adapter import Adapter
from compliance.sources.planned.delivery import UNTOLD, alarms_by, heard
from compliance.sources.planned.links import Links
from compliance.sources.planned.policies import asked
from compliance.sources.planned.reading import MISSING, Reading

Tls: TypeAlias = Literal["1.0", "1.1", "1.2", "1.3"]
Factors: TypeAlias = Literal["none", "optional", "required"]
FACTORS: Mapping[str, Factors] = {"OFF": "none", "OPTIONAL": "optional", "ON": "required"}
MINUTES: Mapping[str, float] = {"seconds": 1 / 60, "minutes": 1, "hours": 60, "days": 1440}
REFRESH = "ALLOW_REFRESH_TOKEN_AUTH"
ITSELF = "aws.cognito.signin.user.admin"
"""Scope of a token with which a person changes attributes of the own account."""
EVERYTHING = "*/*"
WHO, VERIFIED = ("X-Caller", "X-Blueprint-Groups"), "context.authorizer."
"""Headers by which agents and stores know who asks, and where their values must come from."""
ERRORS = frozenset({"5XXError"})
WALL = "aws:wafv2/webAclAssociation:WebAclAssociation"


def api(entry: Reading) -> Api:
    """Fold a REST API with what stands beside it; each of its stages and methods counts."""
    methods = entry.satellites("aws:apigateway/method:Method", "restApi")
    stages = entry.satellites("aws:apigateway/stage:Stage", "restApi")
    settings = entry.satellites("aws:apigateway/methodSettings:MethodSettings", "restApi")
    policy = entry.satellite("aws:apigateway/restApiPolicy:RestApiPolicy", "restApiId") or entry
    kind = entry.text("endpointConfiguration.types")
    return Api(
        id=entry.id("Api"),
        urns=(entry.urn, *(each.urn for each in (policy, *stages, *settings) if each is not entry)),
        data_classes=entry.classes(),
        private=mapped(kind, lambda name: name == "PRIVATE"),
        open_policy=asked(policy, "policy", open_to_anybody, entry.absent_flag("open policy")),
        authorised=_each(entry, methods, "Method", _authorised),
        requests_validated=_each(entry, methods, "Method", _validated),
        access_logged=_all(entry, stages, "Stage", lambda stage: stage.present("accessLogSettings.destinationArn")),
        execution_logged=_set(entry, settings, _logged),
        bodies_logged=some([
            *(each.flag("settings.dataTraceEnabled") for each in settings), entry.none("(MethodSettings)"),
        ]),
        answers_cached=some([
            *(stage.flag("cacheClusterEnabled") for stage in stages),
            *(each.flag("settings.cachingEnabled") for each in settings), entry.none("(MethodSettings)"),
        ]),
        throttled=_set(entry, settings, _throttled),
        traced=_all(entry, stages, "Stage", lambda stage: stage.flag("xrayTracingEnabled")),
        callers_told=_callers_told(entry),
        errors_alarmed=_alarmed(entry),
        web_acl=_wall(entry, stages),
        tls_min_version=joined(kind, _policy(entry), lambda name, text: _tls(text, private=name == "PRIVATE")),
        fips=mapped(_policy(entry), lambda text: "require" if "FIPS" in text else "off"),
    )  # fmt: skip


def user_pool(pool: Reading) -> UserPool:
    """Fold a user pool."""
    providers = pool.satellites("aws:cognito/identityProvider:IdentityProvider", "userPoolId")
    return UserPool(
        id=pool.id("UserPool"),
        urns=(pool.urn,),
        data_classes=pool.classes(),
        mfa=mapped(pool.text("mfaConfiguration"), lambda word: FACTORS.get(word, "none")),
        password_min_length=pool.number("passwordPolicy.minimumLength"),
        password_history=pool.number("passwordPolicy.passwordHistorySize"),
        character_kinds=_kinds(pool),
        self_sign_up=inverted(pool.flag("adminCreateUserConfig.allowAdminCreateUserOnly")),
        deletion_protected=mapped(pool.text("deletionProtection"), lambda word: word == "ACTIVE"),
        threats_stopped=mapped(pool.text("userPoolAddOns.advancedSecurityMode"), lambda word: word == "ENFORCED"),
        federated=some([*(each.present("providerDetails") for each in providers), pool.none("(IdentityProvider)")]),
        sign_ins_logged=_sign_ins(pool),
        web_acl=_wall(pool, (pool,)),
    )


def app_client(client: Reading) -> AppClient:
    """Fold a client of a user pool."""
    return AppClient(
        id=client.id("AppClient"),
        urns=(client.urn,),
        data_classes=client.account_classes(),
        shared_secret=client.flag("generateSecret"),
        token_in_address=mapped(client.words("allowedOauthFlows"), lambda flows: "implicit" in flows),
        own_accounts=_own_accounts(client),
        changes_itself=mapped(client.words("allowedOauthScopes"), lambda scopes: ITSELF in scopes),
        revocable=client.flag("enableTokenRevocation"),
        token_minutes=_minutes(client, "accessToken"),
        session_minutes=_minutes(client, "refreshToken"),
    )


def _each(entry: Reading, found: tuple[Reading, ...], what: str, ask: Callable[[Reading], Leaf[bool]]) -> Leaf[bool]:
    """Whether something holds for each; an API without any has none of which it does not hold."""
    without = entry.doubt(f"({what})") or entry.known(f"({what})", value=True)
    return every([*map(ask, found), without])


def _all(entry: Reading, found: tuple[Reading, ...], what: str, ask: Callable[[Reading], Leaf[bool]]) -> Leaf[bool]:
    """Whether something holds for each, and there is one."""
    return every(map(ask, found)) if found else entry.none(f"({what})")


def _set(entry: Reading, settings: tuple[Reading, ...], ask: Callable[[Reading], Leaf[bool]]) -> Leaf[bool]:
    """Whether something is set for all methods, and for none of them otherwise."""
    general = [mapped(each.text("methodPath"), lambda path: path == EVERYTHING) for each in settings]
    return every([*map(ask, settings), some([*general, entry.none("(MethodSettings)")])])


def _alarmed(entry: Reading) -> Leaf[bool]:
    watching = entry.links.derived(_alarms)
    name = entry.resource.inputs.get("name")
    own = [*watching.get(entry.urn, ()), *(watching.get(name, ()) if isinstance(name, str) else ())]
    hidden = [Unknown("cloud_decides", alarm.origin("dimensions")) for alarm in watching.get(UNTOLD, ())]
    return some([*(heard(alarm, ERRORS) for alarm in own), *hidden, entry.none("(MetricAlarm)")])


def _alarms(links: Links) -> Mapping[str, tuple[Reading, ...]]:
    return alarms_by(links, "AWS/ApiGateway", "dimensions.ApiName")


def _authorised(method: Reading) -> Leaf[bool]:
    word = method.text("authorization")
    if isinstance(word, Known) and word.value in {"COGNITO_USER_POOLS", "CUSTOM"}:
        authorizer = method.target("authorizerId")
        return method.present("authorizerId") if authorizer is None else _asks(authorizer)
    return mapped(word, lambda how: how != "NONE")


def _callers_told(entry: Reading) -> Leaf[bool]:
    """Where requests are handed on: each says who asks, and the pool that issues tokens puts there what is said."""
    integrations = entry.satellites("aws:apigateway/integration:Integration", "restApi")
    kinds = [each.raw("type") for each in integrations]
    if all(kind not in ("HTTP", "HTTP_PROXY") and not is_unknown(kind) for kind in kinds):  # type: ignore[arg-type]  # JSON
        return _each(entry, (), "Integration", _told)
    pools = [
        _claims(authorizer, path)
        for authorizer in entry.satellites("aws:apigateway/authorizer:Authorizer", "restApi")
        for path in authorizer.items("providerArns")
    ]
    return every([*map(_told, integrations), *pools])


def _claims(authorizer: Reading, path: str) -> Leaf[bool]:
    """Whether a function of ours writes claims into the tokens of a pool; one outside of the graph is not known."""
    pool = authorizer.target(path)
    if pool is None:
        return Unknown("existing", authorizer.origin(path))
    return pool.present("lambdaConfig.preTokenGenerationConfig.lambdaArn")


def _told(integration: Reading) -> Leaf[bool]:
    """What hands a request on as it came says who asks in its own words, and not in those of the caller."""
    path, kind = "requestParameters", integration.text("type")
    if isinstance(kind, Known) and kind.value not in {"HTTP", "HTTP_PROXY"}:
        return integration.known("type", value=True)
    held = integration.raw(path)
    if isinstance(kind, Unknown) or is_unknown(held):  # type: ignore[arg-type]
        return Unknown("cloud_decides", integration.origin(path))
    said = [held.get(f"integration.request.header.{name}") if isinstance(held, dict) else None for name in WHO]
    if any(map(is_unknown, said)):
        return Unknown("cloud_decides", integration.origin(path))
    return integration.known(path, all(isinstance(one, str) and one.startswith(VERIFIED) for one in said))


def _asks(authorizer: Reading) -> Leaf[bool]:
    """It knows whose tokens it takes: of which pools, or which function decides."""
    return some([authorizer.present("providerArns"), authorizer.present("authorizerUri")])


def _validated(method: Reading) -> Leaf[bool]:
    validator = method.target("requestValidatorId")
    if validator is None:
        return method.present("requestValidatorId")
    return every([validator.flag("validateRequestBody"), validator.flag("validateRequestParameters")])


def _logged(settings: Reading) -> Leaf[bool]:
    return mapped(settings.text("settings.loggingLevel"), lambda level: level in {"ERROR", "INFO"})


def _throttled(settings: Reading) -> Leaf[bool]:
    return mapped(settings.number("settings.throttlingRateLimit"), lambda rate: rate > 0)


def _wall(of: Reading, guarded: tuple[Reading, ...]) -> Leaf[Ref | None]:
    """The firewall before all of them; the first that has none, or whose firewall cannot be told, decides."""
    leaves = [
        wall.link("webAclArn") if (wall := each.satellite(WALL, "resourceArn")) else _bare(each) for each in guarded
    ]
    bare = next((leaf for leaf in leaves if isinstance(leaf, Known) and leaf.value is None), None)
    hidden = next((leaf for leaf in leaves if isinstance(leaf, Unknown)), None)
    return bare or hidden or (leaves[0] if leaves else _bare(of))


def _bare(of: Reading) -> Leaf[Ref | None]:
    return mapped(of.none("(WebAclAssociation)"), lambda _: None)


def _policy(entry: Reading) -> Leaf[str]:
    return entry.text("securityPolicy")


def _tls(policy: str, *, private: bool) -> Tls:
    """The oldest version that a policy speaks, as its name says; a private API that names none speaks 1.2."""
    if "TLS13_1_3" in policy:
        return "1.3"
    if "TLS13_1_2" in policy or policy == "TLS_1_2" or (private and not policy):
        return "1.2"
    return "1.0"


def _kinds(pool: Reading) -> Leaf[frozenset[str]]:
    letters = every([pool.flag(f"passwordPolicy.require{case}case") for case in ("Lower", "Upper")])
    asked_for = {
        "letters": letters,
        "digits": pool.flag("passwordPolicy.requireNumbers"),
        "symbols": pool.flag("passwordPolicy.requireSymbols"),
    }
    unknown = next((leaf for leaf in asked_for.values() if isinstance(leaf, Unknown)), None)
    kinds = frozenset(name for name, leaf in asked_for.items() if isinstance(leaf, Known) and leaf.value)
    return unknown or pool.known("passwordPolicy", kinds)


def _sign_ins(pool: Reading) -> Leaf[bool]:
    found = [
        every(
            [
                mapped(log.text(f"{path}.eventSource"), lambda source: source == "userAuthEvents"),
                some(log.present(f"{path}.{where}Configuration") for where in ("cloudWatchLogs", "firehose", "s3")),
            ]
        )
        for log in pool.satellites("aws:cognito/logDeliveryConfiguration:LogDeliveryConfiguration", "userPoolId")
        for path in log.items("logConfigurations")
    ]
    return some([*found, pool.none("(LogDeliveryConfiguration)")])


def _own_accounts(client: Reading) -> Leaf[bool]:
    """A client takes accounts of the pool that names no other provider, or takes names and passwords itself."""
    flows = mapped(client.words("explicitAuthFlows"), lambda names: bool(names - {REFRESH}))
    return some([_named_providers(client), flows])


def _named_providers(client: Reading) -> Leaf[bool]:
    path = "supportedIdentityProviders"
    listed = client.items(path)
    if is_unknown(client.raw(path)) or client.resource.external or not listed:  # type: ignore[arg-type]
        return mapped(client.words(path), lambda names: not names or "COGNITO" in names)
    return some(mapped(_provider(client, each), lambda name: name == "COGNITO") for each in listed)


def _provider(client: Reading, path: str) -> Leaf[str]:
    """A provider that is a resource of the graph is none of the pool's own."""
    target = client.target(path)
    return client.text(path) if target is None else client.known(path, target.resource.name)


def _minutes(client: Reading, token: str) -> Leaf[int]:
    number, unit = client.number(f"{token}Validity"), client.text(f"tokenValidityUnits.{token}")
    if client.raw(f"{token}Validity") is MISSING:
        return number
    return joined(number, unit, lambda count, word: round(count * MINUTES.get(word, MINUTES["days"])))


ADAPTERS = (
    Adapter("aws:apigateway/restApi:RestApi", api),
    Adapter("aws:cognito/userPool:UserPool", user_pool),
    Adapter("aws:cognito/userPoolClient:UserPoolClient", app_client),
)
