"""What a connection subscribes to, in versions, and the log of every try."""

from alembic import op

revision = "0004"
down_revision = "0003"

STEPS = (
    """
    ALTER TABLE connections
        ADD COLUMN subscription_version integer NOT NULL DEFAULT 1,
        ADD COLUMN webhook_regimes text[],
        ADD COLUMN webhook_agencies text[]
    """,
    "ALTER TABLE connections ALTER COLUMN subscription_version DROP DEFAULT",
    """
    CREATE TABLE subscriptions (
        connection_id uuid NOT NULL
            CONSTRAINT fk_subscriptions_connection_id_connections REFERENCES connections (id),
        version integer NOT NULL CONSTRAINT ck_subscriptions_version CHECK (version >= 1),
        url text NOT NULL,
        events text[] NOT NULL,
        regimes text[],
        agencies text[],
        subscribed_by text,
        subscribed_by_name text,
        subscribed_at timestamptz NOT NULL,
        CONSTRAINT pk_subscriptions PRIMARY KEY (connection_id, version)
    )
    """,
    # What a connection took until now is its first version.
    """
    INSERT INTO subscriptions (connection_id, version, url, events, subscribed_at)
    SELECT id, 1, webhook_url, webhook_events, created_at FROM connections
    WHERE webhook_url IS NOT NULL
    """,
    """
    CREATE TRIGGER subscriptions_stay BEFORE UPDATE OR DELETE ON subscriptions
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
    """,
    "ALTER TABLE dispatches ADD COLUMN subscription_version integer NOT NULL DEFAULT 1",
    "ALTER TABLE dispatches ALTER COLUMN subscription_version DROP DEFAULT",
    # Of every try, what was said and what was answered; the body is the dispatch's own.
    """
    ALTER TABLE attempts
        ADD COLUMN subscription_version integer,
        ADD COLUMN url text,
        ADD COLUMN kid text,
        ADD COLUMN duration_ms integer,
        ADD COLUMN request_headers jsonb,
        ADD COLUMN answer_headers jsonb,
        ADD COLUMN answer_body bytea,
        ADD CONSTRAINT ck_attempts_answer_body CHECK (length(answer_body) <= 2048)
    """,
    "CREATE INDEX ix_attempts_began_at ON attempts (began_at)",
)


def upgrade() -> None:
    """Keep subscriptions in versions, and requests and answers beside the tries."""
    for statement in STEPS:
        op.execute(statement)
