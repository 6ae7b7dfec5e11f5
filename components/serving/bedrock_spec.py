"""What a stack document may say about a model that Amazon Bedrock runs."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, field_validator

from blueprint.errors import nearest
from blueprint.spec import Spec, Tightens
from blueprint.types import Dialect, KeyPurpose, Name
from blueprint.wiring import Needs, Offer

Level: TypeAlias = Literal["off", "metadata", "redacted", "full"]

PROVIDERS: dict[str, str] = {
    "ai21": "AI21 Labs", "amazon": "Amazon", "anthropic": "Anthropic", "cohere": "Cohere", "deepseek": "DeepSeek",
    "google": "Google", "luma": "Luma AI", "meta": "Meta", "minimax": "MiniMax", "mistral": "Mistral AI",
    "moonshot": "Moonshot AI", "nvidia": "NVIDIA", "openai": "OpenAI", "qwen": "Qwen", "stability": "Stability AI",
    "twelvelabs": "TwelveLabs", "writer": "Writer",
}  # fmt: skip
"""First part of a model id -> who made the model. On Bedrock a maker does not see requests; AWS is the processor."""

GEOGRAPHIES = frozenset({"us", "us-gov", "eu", "apac", "jp", "au", "ca", "global"})
"""Prefixes of inference profiles that send a request to another region than the stack's own."""


class BedrockSpec(Spec):
    """One managed model behind a guardrail, called through the VPC's own endpoint."""

    kind: Literal["bedrock"] = "bedrock"
    name: Name = Field(description="Name of the entry")
    model: str = Field(
        pattern=r"^[a-z0-9-]+\.[a-z0-9][a-z0-9.-]*(:\d+)?$",
        description="Bedrock model id in the stack's own region, such as anthropic.claude-sonnet-4-5-20250929-v1:0",
    )
    redaction: Annotated[bool | None, Tightens("pii_phi_redaction")] = Field(
        None, description="Whether personal data is masked in prompts and answers; left out: the posture's value"
    )
    card_data_allowed: Annotated[bool | None, Tightens("card_data_in_prompts_allowed")] = Field(
        None, description="Whether a prompt with a card number is let through; left out: the posture's value"
    )
    prompt_logging: Annotated[Level | None, Tightens("prompt_logging")] = Field(
        None, description="How much of prompts and answers the account records; left out: the posture's value"
    )

    @field_validator("model")
    @classmethod
    def _maker_is_known(cls, model: str) -> str:
        maker = model.partition(".")[0]
        if maker in GEOGRAPHIES:
            raise ValueError(
                f"{model} is an inference profile across regions: requests would leave the stack's region; "
                f"name the model itself: {model.partition('.')[2]}"
            )
        if maker not in PROVIDERS:
            raise ValueError(f"{maker!r} makes no model on Bedrock that is known here; {nearest(maker, PROVIDERS)}")
        return model

    def needs(self) -> Needs:
        """Private endpoints of Bedrock and a key for the guardrail and the record of calls. The data stays with AWS."""
        return Needs(
            offers=(Offer(name="model-route", dialect=Dialect.MODEL_ROUTE),),
            services=frozenset({"bedrock-runtime", "kms", "logs", "sts", "eks-auth"}),
            keys=frozenset({KeyPurpose.LOGS, KeyPurpose.OBJECTS}),
        )
