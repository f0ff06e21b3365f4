"""How much is held of a connection, counted as it comes and goes; a rule that a lift may pass."""

from alembic import op

revision = "0009"
down_revision = "0008"

TOTALS = (
    # A push into a quarantine must know in the same time how full it is, however full it is.
    """
    CREATE TABLE held_totals (
        connection_id uuid CONSTRAINT pk_held_totals PRIMARY KEY
            CONSTRAINT fk_held_totals_connection_id_connections REFERENCES connections (id),
        deliveries bigint NOT NULL CONSTRAINT ck_held_totals_deliveries CHECK (deliveries >= 0),
        bytes bigint NOT NULL CONSTRAINT ck_held_totals_bytes CHECK (bytes >= 0)
    )
    """,
    """
    INSERT INTO held_totals
    SELECT connection_id, count(*), sum(octet_length(body)) FROM held_deliveries
    GROUP BY connection_id
    """,
    """
    CREATE FUNCTION count_held() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO held_totals
        SELECT connection_id, count(*), sum(octet_length(body)) FROM added GROUP BY connection_id
        ON CONFLICT (connection_id) DO UPDATE
        SET deliveries = held_totals.deliveries + excluded.deliveries,
            bytes = held_totals.bytes + excluded.bytes;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION count_released() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE held_totals AS t
        SET deliveries = t.deliveries - g.deliveries, bytes = t.bytes - g.bytes
        FROM (SELECT connection_id, count(*) AS deliveries, sum(octet_length(body)) AS bytes
              FROM gone GROUP BY connection_id) AS g
        WHERE t.connection_id = g.connection_id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER held_deliveries_added AFTER INSERT ON held_deliveries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_held()
    """,
    """
    CREATE TRIGGER held_deliveries_gone AFTER DELETE ON held_deliveries
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_released()
    """,
)

# The rule holds for how a transaction leaves a connection, not for each step on its way: a lift
# resumes one direction after the other, and between them the second one has no order any more.
RULE = """
CREATE OR REPLACE FUNCTION refuse_suspended_without_stop() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM connections AS c WHERE c.id = NEW.id AND (
            c.inbound_state = 'SUSPENDED' AND NOT EXISTS (SELECT FROM stops
                WHERE connection_id = c.id AND direction = 'inbound' AND ended_at IS NULL)
            OR c.outbound_state = 'SUSPENDED' AND NOT EXISTS (SELECT FROM stops
                WHERE connection_id = c.id AND direction = 'outbound' AND ended_at IS NULL)))
    THEN
        RAISE EXCEPTION 'connection % is suspended under no order', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'suspended_under_order';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Take the step."""
    for statement in (*TOTALS, RULE):
        op.execute(statement)
