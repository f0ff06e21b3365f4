"""Requests for connection accounts, what becomes of flags, and what detectors count."""

from alembic import op

revision = "0007"
down_revision = "0006"

DETECTORS = "'bad-signatures', 'replayed-nonce', 'schema-errors', 'volume'"

REQUESTS = (
    """
    CREATE TABLE connection_requests (
        id uuid CONSTRAINT pk_connection_requests PRIMARY KEY,
        number text NOT NULL,
        signed_on date NOT NULL,
        agency text NOT NULL,
        received_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        recorded_by text NOT NULL,
        recorded_by_name text NOT NULL,
        system_name text NOT NULL,
        owner_agency text NOT NULL,
        contact_email text NOT NULL,
        purpose text NOT NULL,
        directions text[] NOT NULL CONSTRAINT ck_connection_requests_directions
            CHECK (cardinality(directions) > 0 AND directions <@ ARRAY['inbound', 'outbound']),
        regimes text[],
        agencies text[],
        formats text[],
        due_at timestamptz,
        state text NOT NULL CONSTRAINT ck_connection_requests_state
            CHECK (state IN ('open', 'granted', 'refused')),
        decided_by text,
        decided_by_name text,
        decided_at timestamptz,
        reasons text,
        connection_id uuid
            CONSTRAINT fk_connection_requests_connection_id_connections REFERENCES connections (id),
        CONSTRAINT uq_connection_requests_agency UNIQUE (agency, number, signed_on),
        CONSTRAINT ck_connection_requests_received CHECK (received_at <= recorded_at),
        CONSTRAINT ck_connection_requests_decided
            CHECK ((state = 'open') = (decided_at IS NULL)
                   AND (state = 'open') = (decided_by IS NULL)),
        CONSTRAINT ck_connection_requests_granted
            CHECK ((state = 'granted') = (connection_id IS NOT NULL)),
        CONSTRAINT ck_connection_requests_refused_with_reasons
            CHECK (state <> 'refused' OR coalesce(reasons, '') <> '')
    )
    """,
    "CREATE INDEX ix_connection_requests_open ON connection_requests (due_at) WHERE state = 'open'",
    # What was asked and what was answered stay; only the clock of an open one may be set anew.
    """
    CREATE TRIGGER connection_requests_facts_stay BEFORE UPDATE ON connection_requests FOR EACH ROW
    WHEN (OLD.state <> 'open'
          OR (OLD.id, OLD.number, OLD.signed_on, OLD.agency, OLD.received_at, OLD.recorded_at,
              OLD.recorded_by, OLD.recorded_by_name, OLD.system_name, OLD.owner_agency,
              OLD.contact_email, OLD.purpose, OLD.directions, OLD.regimes, OLD.agencies,
              OLD.formats)
             IS DISTINCT FROM
             (NEW.id, NEW.number, NEW.signed_on, NEW.agency, NEW.received_at, NEW.recorded_at,
              NEW.recorded_by, NEW.recorded_by_name, NEW.system_name, NEW.owner_agency,
              NEW.contact_email, NEW.purpose, NEW.directions, NEW.regimes, NEW.agencies,
              NEW.formats))
    EXECUTE FUNCTION refuse_rewriting()
    """,
    """
    CREATE TRIGGER connection_requests_stay BEFORE DELETE ON connection_requests
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
    """,
)

FLAGS = (
    f"""
    ALTER TABLE flags
        ADD COLUMN detector text
            CONSTRAINT ck_flags_detector CHECK (detector IN ({DETECTORS})),
        ADD COLUMN state text NOT NULL DEFAULT 'open'
            CONSTRAINT ck_flags_state CHECK (state IN ('open', 'suspended', 'dismissed')),
        ADD COLUMN decided_by text,
        ADD COLUMN decided_by_name text,
        ADD COLUMN decided_at timestamptz,
        ADD COLUMN decision_reason text,
        ADD COLUMN suspension_id uuid
            CONSTRAINT fk_flags_suspension_id_suspensions REFERENCES suspensions (id),
        ADD CONSTRAINT ck_flags_decided
            CHECK ((state = 'open') = (decided_at IS NULL)
                   AND (state = 'open') = (decided_by IS NULL)),
        ADD CONSTRAINT ck_flags_suspended
            CHECK ((state = 'suspended') = (suspension_id IS NOT NULL)),
        ADD CONSTRAINT ck_flags_dismissed_with_reason
            CHECK (state <> 'dismissed' OR coalesce(decision_reason, '') <> '')
    """,
    # The last word on storms of flags: a detector has one open flag a connection.
    "CREATE UNIQUE INDEX uq_flags_open_detector ON flags (connection_id, detector) "
    "WHERE state = 'open' AND detector IS NOT NULL",
    """
    CREATE TRIGGER flags_facts_stay BEFORE UPDATE ON flags FOR EACH ROW
    WHEN (OLD.state <> 'open'
          OR (OLD.id, OLD.connection_id, OLD.reason, OLD.evidence, OLD.flagged_by,
              OLD.flagged_by_name, OLD.flagged_at, OLD.detector)
             IS DISTINCT FROM
             (NEW.id, NEW.connection_id, NEW.reason, NEW.evidence, NEW.flagged_by,
              NEW.flagged_by_name, NEW.flagged_at, NEW.detector))
    EXECUTE FUNCTION refuse_rewriting()
    """,
    """
    CREATE TRIGGER flags_stay BEFORE DELETE ON flags
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
    """,
)

DETECTIONS = (
    f"""
    ALTER TABLE connections ADD COLUMN suspends_automatically text[] NOT NULL DEFAULT '{{}}'
        CONSTRAINT ck_connections_suspends_automatically
        CHECK (suspends_automatically <@ ARRAY[{DETECTORS}])
    """,
    # Small counters: one row a connection, kind and span, so that judging reads a handful of rows.
    """
    CREATE TABLE tallies (
        kind text NOT NULL CONSTRAINT ck_tallies_kind CHECK (kind IN
            ('bad-signature', 'replayed-nonce', 'unreadable', 'refused', 'arrived', 'received')),
        connection_id uuid NOT NULL
            CONSTRAINT fk_tallies_connection_id_connections REFERENCES connections (id),
        began_at timestamptz NOT NULL,
        count bigint NOT NULL CONSTRAINT ck_tallies_count CHECK (count > 0),
        detail text,
        CONSTRAINT pk_tallies PRIMARY KEY (kind, connection_id, began_at)
    )
    """,
    """
    CREATE TABLE tallied_until (
        id boolean CONSTRAINT pk_tallied_until PRIMARY KEY
            CONSTRAINT ck_tallied_until_one_row CHECK (id),
        moment timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Keep requests with their clock, decisions about flags, and counters."""
    for statement in (*REQUESTS, *FLAGS, *DETECTIONS):
        op.execute(statement)
