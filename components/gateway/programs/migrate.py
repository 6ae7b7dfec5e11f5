"""Make the database user that signs in by IAM, then bring the schema up to date as that user.

The master password is read from a file, used for one statement and for nothing else; no pod that serves has it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

MASTER = Path("/etc/gateway/secrets/database-master")
SCHEMA = "/app/schema.prisma"


def statements(user: str, database: str) -> str:
    """What the user needs; may be run again and again."""
    return f"""
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{user}') THEN CREATE ROLE "{user}" LOGIN; END IF;
END $$;
GRANT rds_iam TO "{user}";
GRANT CONNECT, CREATE, TEMPORARY ON DATABASE "{database}" TO "{user}";
GRANT USAGE, CREATE ON SCHEMA public TO "{user}";
"""


def master_url(secret: str, host: str, port: str, database: str) -> str:
    """Connection as the master user, from the secret that RDS keeps and renews."""
    fields = json.loads(secret)
    user, password = (quote(fields[each], safe="") for each in ("username", "password"))
    return f"postgresql://{user}:{password}@{host}:{port}/{database}?sslmode=require"


def main() -> int:
    """Run both steps; the first failure ends the job."""
    host, port, user, database = (os.environ[f"DATABASE_{name}"] for name in ("HOST", "PORT", "USER", "NAME"))
    as_master = {**os.environ, "DATABASE_URL": master_url(MASTER.read_text(), host, port, database)}
    subprocess.run(  # noqa: S603
        ["prisma", "db", "execute", "--stdin", "--schema", SCHEMA],  # noqa: S607
        input=statements(user, database).encode(), env=as_master, check=True,
    )  # fmt: skip
    command = ["litellm", "--skip_server_startup", "--iam_token_db_auth", "--enforce_prisma_migration_check",
               "--use_v2_migration_resolver", "--telemetry", "False"]  # fmt: skip
    return subprocess.run(command, check=True).returncode  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
