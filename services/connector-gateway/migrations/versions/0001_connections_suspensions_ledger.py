"""Systems, connections, receipts, suspension orders, dispatches and the exchange ledger."""

from alembic import op

from chassis.migrations import create_chassis_tables

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE systems (
        id uuid CONSTRAINT pk_systems PRIMARY KEY,
        code text NOT NULL CONSTRAINT uq_systems_code UNIQUE,
        name text NOT NULL,
        owner_agency text NOT NULL,
        owner_email text NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE connections (
        id uuid CONSTRAINT pk_connections PRIMARY KEY,
        code text NOT NULL CONSTRAINT uq_connections_code UNIQUE,
        name text NOT NULL,
        system_id uuid NOT NULL
            CONSTRAINT fk_connections_system_id_systems REFERENCES systems (id),
        client_id text NOT NULL CONSTRAINT uq_connections_client_id UNIQUE,
        grants text NOT NULL,
        while_suspended text NOT NULL
            CONSTRAINT ck_connections_while_suspended
            CHECK (while_suspended IN ('reject', 'quarantine')),
        is_essential boolean NOT NULL,
        inbound_state text
            CONSTRAINT ck_connections_inbound_state CHECK (inbound_state IN
            ('ACTIVE', 'SCHEDULED', 'DRAINING', 'SUSPENDED', 'RESUMING', 'REVOKED')),
        outbound_state text
            CONSTRAINT ck_connections_outbound_state CHECK (outbound_state IN
            ('ACTIVE', 'SCHEDULED', 'DRAINING', 'SUSPENDED', 'RESUMING', 'REVOKED')),
        outbound_since timestamptz NOT NULL,
        epoch bigint NOT NULL CONSTRAINT ck_connections_epoch CHECK (epoch >= 1),
        tokens_from_epoch bigint NOT NULL,
        webhook_url text,
        webhook_events text[] NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT ck_connections_direction
            CHECK (inbound_state IS NOT NULL OR outbound_state IS NOT NULL),
        CONSTRAINT ck_connections_webhook
            CHECK (outbound_state IS NULL OR webhook_url IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_connections_system_id ON connections (system_id)",
    """
    CREATE TABLE breakers (
        connection_id uuid NOT NULL
            CONSTRAINT fk_breakers_connection_id_connections REFERENCES connections (id),
        direction text NOT NULL,
        state text NOT NULL
            CONSTRAINT ck_breakers_state CHECK (state IN ('CLOSED', 'OPEN', 'HALF_OPEN')),
        consecutive_failures integer NOT NULL,
        times_opened integer NOT NULL,
        retry_at timestamptz,
        CONSTRAINT pk_breakers PRIMARY KEY (connection_id, direction)
    )
    """,
    """
    CREATE TABLE credentials (
        id uuid CONSTRAINT pk_credentials PRIMARY KEY,
        connection_id uuid NOT NULL
            CONSTRAINT fk_credentials_connection_id_connections REFERENCES connections (id),
        secret_sha256 bytea,
        jwk jsonb,
        valid_from timestamptz NOT NULL,
        valid_to timestamptz,
        CONSTRAINT ck_credentials_kind CHECK ((secret_sha256 IS NULL) <> (jwk IS NULL))
    )
    """,
    "CREATE INDEX ix_credentials_connection_id ON credentials (connection_id)",
    """
    CREATE TABLE used_assertions (
        client_id text NOT NULL,
        jti text NOT NULL,
        expires_at timestamptz NOT NULL,
        CONSTRAINT pk_used_assertions PRIMARY KEY (client_id, jti)
    )
    """,
    "CREATE INDEX ix_used_assertions_expires_at ON used_assertions (expires_at)",
    """
    CREATE TABLE receipts (
        id uuid CONSTRAINT pk_receipts PRIMARY KEY,
        connection_id uuid NOT NULL
            CONSTRAINT fk_receipts_connection_id_connections REFERENCES connections (id),
        idempotency_key text NOT NULL,
        sha256 bytea NOT NULL,
        content_type text NOT NULL,
        content_encoding text NOT NULL,
        size integer NOT NULL,
        received_at timestamptz NOT NULL,
        epoch bigint NOT NULL,
        ledger_index bigint NOT NULL,
        is_quarantined boolean NOT NULL,
        CONSTRAINT uq_receipts_connection_id UNIQUE (connection_id, idempotency_key)
    )
    """,
    "CREATE INDEX ix_receipts_listed ON receipts (connection_id, id)",
    """
    CREATE TABLE outcomes (
        receipt_id uuid CONSTRAINT pk_outcomes PRIMARY KEY
            CONSTRAINT fk_outcomes_receipt_id_receipts REFERENCES receipts (id),
        state text NOT NULL CONSTRAINT ck_outcomes_state
            CHECK (state IN ('completed', 'refused', 'discarded')),
        finished_at timestamptz NOT NULL,
        result bytea,
        reason text
    )
    """,
    """
    CREATE TABLE held_deliveries (
        connection_id uuid NOT NULL
            CONSTRAINT fk_held_deliveries_connection_id_connections REFERENCES connections (id),
        receipt_id uuid NOT NULL CONSTRAINT uq_held_deliveries_receipt_id UNIQUE
            CONSTRAINT fk_held_deliveries_receipt_id_receipts REFERENCES receipts (id),
        received_at timestamptz NOT NULL,
        body bytea NOT NULL,
        grants text NOT NULL,
        traceparent text,
        is_released boolean NOT NULL,
        CONSTRAINT pk_held_deliveries PRIMARY KEY (connection_id, receipt_id)
    )
    """,
    "ALTER TABLE held_deliveries ALTER COLUMN body SET STORAGE EXTERNAL",
    """
    CREATE TABLE suspensions (
        id uuid CONSTRAINT pk_suspensions PRIMARY KEY,
        ground text NOT NULL CONSTRAINT ck_suspensions_ground
            CHECK (ground IN ('MAINTENANCE', 'FORCE_MAJEURE', 'SECURITY_RISK')),
        scope_kind text NOT NULL CONSTRAINT ck_suspensions_scope_kind
            CHECK (scope_kind IN ('system', 'agency', 'connection')),
        scope_code text NOT NULL,
        directions text[] NOT NULL
            CONSTRAINT ck_suspensions_directions CHECK (cardinality(directions) > 0),
        includes_essential boolean NOT NULL,
        public_reason text NOT NULL
            CONSTRAINT ck_suspensions_public_reason CHECK (public_reason <> ''),
        internal_reason text,
        requested_by text NOT NULL,
        requested_by_name text NOT NULL,
        requested_at timestamptz NOT NULL,
        notice_id uuid NOT NULL CONSTRAINT uq_suspensions_notice_id UNIQUE,
        effective_at timestamptz NOT NULL,
        expected_end timestamptz,
        state text NOT NULL CONSTRAINT ck_suspensions_state CHECK (state IN
            ('SCHEDULED', 'IN_FORCE', 'LIFT_REQUESTED', 'LIFTED', 'CANCELLED', 'FAILED')),
        notice_visible_at timestamptz,
        in_force_at timestamptz,
        failure text,
        remedy text,
        held_choice jsonb,
        lift_requested_by text,
        lift_requested_by_name text,
        lift_requested_at timestamptz,
        lift_approved_by text,
        lift_approved_by_name text,
        ended_at timestamptz,
        CONSTRAINT ck_suspensions_security_risk_is_one_connection
            CHECK (ground <> 'SECURITY_RISK' OR scope_kind = 'connection'),
        CONSTRAINT ck_suspensions_ends_after_start
            CHECK (expected_end IS NULL OR expected_end > effective_at),
        CONSTRAINT ck_suspensions_remedy_before_lift
            CHECK (state NOT IN ('LIFT_REQUESTED', 'LIFTED') OR coalesce(remedy, '') <> ''),
        CONSTRAINT ck_suspensions_second_person CHECK (
            ground <> 'SECURITY_RISK' OR state <> 'LIFTED'
            OR (lift_approved_by IS NOT NULL AND lift_requested_by IS NOT NULL
                AND lift_approved_by <> lift_requested_by))
    )
    """,
    "CREATE INDEX ix_suspensions_open ON suspensions (effective_at) "
    "WHERE state IN ('SCHEDULED', 'IN_FORCE', 'LIFT_REQUESTED')",
    """
    CREATE TABLE stops (
        suspension_id uuid NOT NULL
            CONSTRAINT fk_stops_suspension_id_suspensions REFERENCES suspensions (id),
        connection_id uuid NOT NULL
            CONSTRAINT fk_stops_connection_id_connections REFERENCES connections (id),
        direction text NOT NULL,
        began_at timestamptz NOT NULL,
        ended_at timestamptz,
        CONSTRAINT pk_stops PRIMARY KEY (suspension_id, connection_id, direction)
    )
    """,
    "CREATE INDEX ix_stops_open ON stops (connection_id, direction) WHERE ended_at IS NULL",
    """
    CREATE TABLE acknowledgements (
        suspension_id uuid NOT NULL
            CONSTRAINT fk_acknowledgements_suspension_id_suspensions REFERENCES suspensions (id),
        system_id uuid NOT NULL
            CONSTRAINT fk_acknowledgements_system_id_systems REFERENCES systems (id),
        acknowledged_by text NOT NULL,
        acknowledged_by_name text NOT NULL,
        acknowledged_at timestamptz NOT NULL,
        CONSTRAINT pk_acknowledgements PRIMARY KEY (suspension_id, system_id)
    )
    """,
    """
    CREATE TABLE flags (
        id uuid CONSTRAINT pk_flags PRIMARY KEY,
        connection_id uuid NOT NULL
            CONSTRAINT fk_flags_connection_id_connections REFERENCES connections (id),
        reason text NOT NULL,
        evidence text,
        flagged_by text NOT NULL,
        flagged_by_name text NOT NULL,
        flagged_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_flags_connection_id ON flags (connection_id)",
    """
    CREATE TABLE dispatches (
        id uuid CONSTRAINT pk_dispatches PRIMARY KEY,
        sequence bigint GENERATED ALWAYS AS IDENTITY,
        connection_id uuid NOT NULL
            CONSTRAINT fk_dispatches_connection_id_connections REFERENCES connections (id),
        event_id text NOT NULL,
        event_type text NOT NULL,
        key text NOT NULL,
        payload bytea NOT NULL,
        traceparent text,
        state text NOT NULL CONSTRAINT ck_dispatches_state CHECK (state IN
            ('waiting', 'sending', 'delivered', 'held', 'superseded', 'discarded', 'failed')),
        created_at timestamptz NOT NULL,
        next_attempt_at timestamptz NOT NULL,
        attempts integer NOT NULL,
        epoch bigint NOT NULL,
        claimed_until timestamptz,
        held_at timestamptz,
        released_at timestamptz,
        finished_at timestamptz,
        reason text,
        CONSTRAINT uq_dispatches_connection_id UNIQUE (connection_id, event_id)
    )
    """,
    "CREATE INDEX ix_dispatches_due ON dispatches (connection_id, next_attempt_at) "
    "WHERE state = 'waiting'",
    "CREATE INDEX ix_dispatches_key ON dispatches (connection_id, key, sequence) "
    "WHERE state IN ('waiting', 'sending', 'held')",
    "CREATE INDEX ix_dispatches_listed ON dispatches (connection_id, id)",
    """
    CREATE TABLE attempts (
        dispatch_id uuid NOT NULL
            CONSTRAINT fk_attempts_dispatch_id_dispatches REFERENCES dispatches (id),
        number integer NOT NULL,
        epoch bigint NOT NULL,
        began_at timestamptz NOT NULL,
        ended_at timestamptz,
        status integer,
        problem text,
        CONSTRAINT pk_attempts PRIMARY KEY (dispatch_id, number)
    )
    """,
    # What runs now is not what happened: outside the data, and not worth a log.
    "CREATE SCHEMA presence",
    """
    CREATE UNLOGGED TABLE presence.replicas (
        id uuid CONSTRAINT pk_replicas PRIMARY KEY,
        seen_at timestamptz NOT NULL,
        epochs jsonb NOT NULL
    )
    """,
    """
    CREATE TABLE ledger_entries (
        chain text NOT NULL,
        index bigint NOT NULL CONSTRAINT ck_ledger_entries_index CHECK (index >= 1),
        at timestamptz NOT NULL,
        entry text NOT NULL,
        hash bytea NOT NULL CONSTRAINT ck_ledger_entries_hash CHECK (length(hash) = 32),
        CONSTRAINT pk_ledger_entries PRIMARY KEY (chain, index)
    )
    """,
    "CREATE INDEX ix_ledger_entries_at ON ledger_entries USING brin (at)",
    """
    CREATE TABLE ledger_roots (
        day date CONSTRAINT pk_ledger_roots PRIMARY KEY,
        statement text NOT NULL,
        root bytea NOT NULL,
        kid text NOT NULL,
        signature bytea NOT NULL,
        signed_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE known_agencies (
        code text CONSTRAINT pk_known_agencies PRIMARY KEY,
        name text NOT NULL
    )
    """,
    """
    CREATE TABLE known_calendar_days (
        day date CONSTRAINT pk_known_calendar_days PRIMARY KEY,
        is_working boolean NOT NULL
    )
    """,
)

RULES = (
    # Điều 8.2: working days are counted where nobody can forget to count them.
    """
    CREATE FUNCTION full_working_days(notice timestamptz, start timestamptz) RETURNS integer
    LANGUAGE plpgsql STABLE AS $$
    DECLARE
        first date := (notice AT TIME ZONE 'Asia/Ho_Chi_Minh')::date + 1;
        last date := (start AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 1;
        known integer;
        working integer;
    BEGIN
        IF last < first THEN
            RETURN 0;
        END IF;
        SELECT count(*), count(*) FILTER (WHERE is_working) INTO known, working
        FROM known_calendar_days WHERE day BETWEEN first AND last;
        IF known < last - first + 1 THEN
            RAISE EXCEPTION 'the working-day calendar between % and % is not known', first, last
                USING ERRCODE = 'check_violation', CONSTRAINT = 'calendar_known';
        END IF;
        RETURN working;
    END $$
    """,
    """
    CREATE FUNCTION refuse_short_notice() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        announced timestamptz := NEW.requested_at;
        starts timestamptz := NEW.effective_at;
    BEGIN
        IF NEW.ground <> 'MAINTENANCE' THEN
            RETURN NEW;
        END IF;
        IF NEW.state IN ('IN_FORCE', 'LIFT_REQUESTED', 'LIFTED') THEN
            IF NEW.notice_visible_at IS NULL THEN
                RAISE EXCEPTION 'the notice of % is not publicly visible (Điều 8.2)', NEW.id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_in_time';
            END IF;
            announced := NEW.notice_visible_at;
            starts := NEW.in_force_at;
        END IF;
        IF full_working_days(announced, starts) < 3 THEN
            RAISE EXCEPTION 'fewer than 3 full working days between the notice (%) and % '
                '(Điều 8.2)', announced, starts
                USING ERRCODE = 'check_violation', CONSTRAINT = 'notice_in_time';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER suspensions_notice_in_time BEFORE INSERT OR UPDATE OF state ON suspensions
    FOR EACH ROW WHEN (NEW.state NOT IN ('CANCELLED', 'FAILED'))
    EXECUTE FUNCTION refuse_short_notice()
    """,
    # A connection stops only under an order in force, so the notice rule cannot be walked around.
    """
    CREATE FUNCTION refuse_stop_without_order() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM suspensions
                       WHERE id = NEW.suspension_id AND state IN ('IN_FORCE', 'LIFT_REQUESTED'))
        THEN
            RAISE EXCEPTION 'order % is not in force', NEW.suspension_id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'order_in_force';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER stops_order_in_force BEFORE INSERT ON stops
    FOR EACH ROW EXECUTE FUNCTION refuse_stop_without_order()
    """,
    """
    CREATE FUNCTION refuse_suspended_without_stop() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.inbound_state = 'SUSPENDED' AND NOT EXISTS (SELECT FROM stops
                WHERE connection_id = NEW.id AND direction = 'inbound' AND ended_at IS NULL)
           OR NEW.outbound_state = 'SUSPENDED' AND NOT EXISTS (SELECT FROM stops
                WHERE connection_id = NEW.id AND direction = 'outbound' AND ended_at IS NULL)
        THEN
            RAISE EXCEPTION 'connection % is suspended under no order', NEW.code
                USING ERRCODE = 'check_violation', CONSTRAINT = 'suspended_under_order';
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER connections_suspended_under_order
    AFTER INSERT OR UPDATE OF inbound_state, outbound_state ON connections
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION refuse_suspended_without_stop()
    """,
    # What was ordered stays as ordered; only its course may be written down.
    """
    CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
    END $$
    """,
    """
    CREATE TRIGGER suspensions_facts_stay BEFORE UPDATE ON suspensions FOR EACH ROW
    WHEN ((OLD.id, OLD.ground, OLD.scope_kind, OLD.scope_code, OLD.directions,
           OLD.includes_essential, OLD.public_reason, OLD.internal_reason, OLD.requested_by,
           OLD.requested_by_name, OLD.requested_at, OLD.notice_id, OLD.effective_at,
           OLD.expected_end)
          IS DISTINCT FROM
          (NEW.id, NEW.ground, NEW.scope_kind, NEW.scope_code, NEW.directions,
           NEW.includes_essential, NEW.public_reason, NEW.internal_reason, NEW.requested_by,
           NEW.requested_by_name, NEW.requested_at, NEW.notice_id, NEW.effective_at,
           NEW.expected_end)
          OR OLD.notice_visible_at <> NEW.notice_visible_at
          OR OLD.in_force_at <> NEW.in_force_at)
    EXECUTE FUNCTION refuse_rewriting()
    """,
    """
    CREATE TRIGGER suspensions_stay BEFORE DELETE ON suspensions
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
    """,
    """
    CREATE TRIGGER ledger_entries_stay BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
    """,
    """
    CREATE TRIGGER receipts_stay BEFORE UPDATE OR DELETE ON receipts
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
    """,
    """
    CREATE TRIGGER ledger_roots_stay BEFORE UPDATE OR DELETE ON ledger_roots
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
    """,
)


def upgrade() -> None:
    """Create everything."""
    create_chassis_tables()
    for statement in (*TABLES, *RULES):
        op.execute(statement)
