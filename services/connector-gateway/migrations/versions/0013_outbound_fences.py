"""What claims and ends of tries meet is locked and read in one round trip each."""

from alembic import op

revision = "0013"
down_revision = "0012"

# Each statement of a function has a snapshot of its own, younger than the locks before it. Claims
# share the key of their connection, which only a change of its state takes away (0014); one at a
# time go only those that count: the probe of a breaker and the pace after a lift (decisions/0025).
CLAIM = """
CREATE FUNCTION fence_of_claim(wanted text, a_second_ago timestamptz)
RETURNS TABLE (
    id uuid, outbound_state text, outbound_since timestamptz, epoch bigint, webhook_url text,
    subscription_version integer, breaker_state text, retry_at timestamptz, started bigint)
LANGUAGE plpgsql AS $$
DECLARE
    fence connections%ROWTYPE;
    breaker breakers%ROWTYPE;
    begun bigint := 0;
BEGIN
    SELECT * INTO fence FROM connections AS c WHERE c.code = wanted FOR KEY SHARE;
    SELECT * INTO breaker FROM breakers AS b
    WHERE b.connection_id = fence.id AND b.direction = 'outbound';
    IF fence.outbound_state = 'RESUMING' OR breaker.state <> 'CLOSED' THEN
        SELECT * INTO breaker FROM breakers AS b
        WHERE b.connection_id = fence.id AND b.direction = 'outbound' FOR UPDATE;
    END IF;
    IF fence.outbound_state = 'RESUMING' THEN
        SELECT count(*) INTO begun
        FROM attempts AS a JOIN dispatches AS d ON d.id = a.dispatch_id
        WHERE d.connection_id = fence.id AND a.began_at > a_second_ago;
    END IF;
    RETURN QUERY
    SELECT fence.id, fence.outbound_state, fence.outbound_since, fence.epoch, fence.webhook_url,
           fence.subscription_version, breaker.state, breaker.retry_at, begun
    WHERE fence.outbound_state IS NOT NULL;
END $$
"""
# A breaker at rest is not locked: nobody else ends a try of its connection, and nobody probes it.
ENDINGS = """
CREATE FUNCTION fences_of_endings(codes text[], waits boolean)
RETURNS TABLE (
    code text, id uuid, outbound_state text, breaker_state text, consecutive_failures integer,
    head_index bigint, head_hash bytea, head_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
    locked uuid[];
BEGIN
    IF waits THEN
        SELECT array_agg(mine.id) INTO locked FROM (
            SELECT c.id FROM connections AS c WHERE c.code = ANY(codes)
            ORDER BY c.code FOR NO KEY UPDATE) AS mine;
    ELSE
        SELECT array_agg(mine.id) INTO locked FROM (
            SELECT c.id FROM connections AS c WHERE c.code = ANY(codes)
            ORDER BY c.code FOR NO KEY UPDATE SKIP LOCKED) AS mine;
    END IF;
    RETURN QUERY
    SELECT c.code, c.id, c.outbound_state, b.state, b.consecutive_failures, l.index, l.hash, l.at
    FROM connections AS c
    JOIN breakers AS b ON b.connection_id = c.id AND b.direction = 'outbound'
    LEFT JOIN LATERAL (
        SELECT e.index, e.hash, e.at FROM ledger_entries AS e
        WHERE e.chain = c.code ORDER BY e.index DESC LIMIT 1) AS l ON true
    WHERE c.id = ANY(locked);
END $$
"""


def upgrade() -> None:
    """Put locks and what is read under them into functions."""
    op.execute(CLAIM)
    op.execute(ENDINGS)
