"""Databases: one a service, with a role of its own that no other service's role can enter."""

import os

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql

from deploy.local.layout import ROOT, prefix_of


def make_role(server: psycopg.Connection, role: str, password: str) -> None:
    """Make a role that may sign in, or give it this password if it exists."""
    exists = server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER ROLE" if exists else "CREATE ROLE")
    server.execute(
        sql.SQL("{} {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), sql.Literal(password))
    )


def make_database(server: psycopg.Connection, name: str, *, owner: str) -> None:
    """Make a database that only its owner may connect to, unless it exists."""
    if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
        return
    names = {"name": sql.Identifier(name), "owner": sql.Identifier(owner)}
    server.execute(sql.SQL("CREATE DATABASE {name} OWNER {owner}").format(**names))
    server.execute(sql.SQL("REVOKE ALL ON DATABASE {name} FROM PUBLIC").format(**names))


def migrate(service: str, url: str) -> None:
    """Bring the database of ``service`` at ``url`` to the newest revision."""
    config = Config(str(ROOT / "services" / service / "alembic.ini"))
    if _revision_of(url) == ScriptDirectory.from_config(config).get_current_head():
        return  # without importing the service only to find nothing to do
    setting = f"{prefix_of(service)}_DATABASE_URL"
    os.environ[setting] = url
    try:
        command.upgrade(config, "head")
    finally:
        del os.environ[setting]


def _revision_of(url: str) -> str | None:
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None
