"""Whoever would change a connection has its turn at it, behind those who came before."""

from alembic import op

revision = "0015"
down_revision = "0014"

# Locks of a row are no queue: what gets on with those who hold it passes whoever waits for all of
# them. A turn is one. It only says who is next; the fence stays the row (decisions/0026).
SHARE = """
CREATE FUNCTION sharing_turns(codes text[], waits boolean) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    IF waits THEN
        PERFORM pg_advisory_xact_lock_shared(82, turn) FROM (
            SELECT DISTINCT hashtext(code) AS turn FROM unnest(codes) AS c(code)
            ORDER BY turn) AS turns;
        RETURN codes;
    END IF;
    RETURN ARRAY(
        SELECT CASE WHEN pg_try_advisory_xact_lock_shared(82, hashtext(code)) THEN code END
        FROM unnest(codes) WITH ORDINALITY AS c(code, place) ORDER BY place);
END $$
"""
TAKE = """
CREATE FUNCTION take_turns(codes text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(82, turn) FROM (
        SELECT DISTINCT hashtext(code) AS turn FROM unnest(codes) AS c(code)
        ORDER BY turn) AS turns;
END $$
"""


def upgrade() -> None:
    """Put those who pass a connection and those who change it into one queue."""
    op.execute(SHARE)
    op.execute(TAKE)
