    -- By their places in the table: they are locked, so they stay there. A row that is still `processing` here lost its
    -- worker between send and settle: that counts as an attempt, and what goes out now may be a second copy.
    return query
    update {{ queue.table }} r
    set status = 'processing', locked_by = p_token, locked_until = p_now + p_lease, run_id = p_run,
        possible_duplicate = r.possible_duplicate or r.status = 'processing',
        {{ queue.attempts }} = r.{{ queue.attempts }} + (r.status = 'processing')::int,
        history = case when r.status = 'processing'
            then r.history || nightshift.attempt(p_now, 'lost', 'its lease ran out: the process that held it died', r.run_id, null)
            else r.history end,
        waits_for = null, updated_at = p_now
    where r.ctid = any (v_heads)
    returning r.*;
