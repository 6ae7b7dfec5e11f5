"""What a stack document may say about the store of traces."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from components.observability.langfuse_spec import LangfuseSpec, MetadataSize


def test_nothing_is_required() -> None:
    assert LangfuseSpec() == LangfuseSpec.model_validate({"kind": "langfuse"})
    assert LangfuseSpec().page is None


def test_a_database_that_is_smaller_under_load_than_at_rest_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"database\.max_units is 1\.0, less than min_units 2\.0"):
        LangfuseSpec(database=MetadataSize(min_units=2, max_units=1))


@pytest.mark.parametrize(
    "issuer", ["http://login.example.org", "https://login.example.org/?next=1", "login.example.org"]
)
def test_an_identity_provider_is_named_by_an_address_over_tls(issuer: str) -> None:
    page = {
        "host": "traces.example.org",
        "sign_on": {"issuer": issuer, "client_id": "langfuse",
                    "client_secret_arn": "arn:aws:secretsmanager:us-east-1:111122223333:secret:sign-on-AbCdEf"},
    }  # fmt: skip
    with pytest.raises(ValidationError, match="issuer"):
        LangfuseSpec.model_validate({"page": page})


def test_a_page_without_an_identity_provider_is_refused() -> None:
    with pytest.raises(ValidationError, match="sign_on"):
        LangfuseSpec.model_validate({"page": {"host": "traces.example.org"}})
