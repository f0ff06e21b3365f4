"""The state of a connection is part of its key: only a change of state takes the key away."""

from alembic import op

revision = "0014"
down_revision = "0013"

# An update that changes a column of a unique index takes the strongest lock of its row. So every
# change of a state or an epoch waits for whoever shares the key of the connection and keeps others
# from sharing it, even if it forgot to ask; what leaves both alone (a push, the end of a try) keeps
# out its like and an order, and lets claims pass (decisions/0025).
KEY = """
CREATE UNIQUE INDEX uq_connections_state
ON connections (id, epoch, inbound_state, outbound_state)
"""
FENCES = """
CREATE OR REPLACE FUNCTION fences_of_pushes(codes text[], keys text[], waits boolean)
RETURNS TABLE (
    code text, id uuid, inbound_state text, epoch bigint, tokens_from_epoch bigint,
    while_suspended text, grants text, code_map_version integer, policy text,
    paced_until timestamptz, spent_on date, spent_bytes bigint,
    head_index bigint, head_hash bytea, head_at timestamptz,
    repeated text[], receipts uuid[], digests bytea[], received timestamptz[], epochs bigint[],
    indexes bigint[], quarantined boolean[])
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
    SELECT c.code, c.id, c.inbound_state, c.epoch, c.tokens_from_epoch, c.while_suspended, c.grants,
           c.code_map_version, c.policy, c.paced_until, c.spent_on, c.spent_bytes,
           l.index, l.hash, l.at,
           r.keys, r.ids, r.digests, r.received, r.epochs, r.indexes, r.quarantined
    FROM connections AS c
    LEFT JOIN LATERAL (
        SELECT e.index, e.hash, e.at FROM ledger_entries AS e
        WHERE e.chain = c.code ORDER BY e.index DESC LIMIT 1) AS l ON true
    CROSS JOIN LATERAL (
        SELECT array_agg(a.idempotency_key) AS keys, array_agg(a.id) AS ids,
               array_agg(a.sha256) AS digests, array_agg(a.received_at) AS received,
               array_agg(a.epoch) AS epochs, array_agg(a.ledger_index) AS indexes,
               array_agg(a.is_quarantined) AS quarantined
        FROM unnest(codes, keys) AS p(code, key)
        JOIN receipts AS a ON a.connection_id = c.id AND a.idempotency_key = p.key
        WHERE p.code = c.code) AS r
    WHERE c.id = ANY(locked);
END $$
"""


def upgrade() -> None:
    """Tell changes of a state from all other changes by their locks."""
    op.execute(KEY)
    op.execute(FENCES)
