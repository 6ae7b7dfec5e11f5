"""The job that makes the database user."""

from __future__ import annotations

from components.gateway.programs.migrate import master_url, statements


def test_the_master_password_is_quoted_for_an_address() -> None:
    url = master_url('{"username": "blueprint_admin", "password": "a/b@c:d#e"}', "db.example.org", "5432", "litellm")
    assert url == "postgresql://blueprint_admin:a%2Fb%40c%3Ad%23e@db.example.org:5432/litellm?sslmode=require"


def test_the_user_signs_in_by_iam_and_has_no_password() -> None:
    sql = statements("litellm", "litellm")
    assert 'CREATE ROLE "litellm" LOGIN;' in sql
    assert 'GRANT rds_iam TO "litellm";' in sql
    assert "PASSWORD" not in sql.upper()
