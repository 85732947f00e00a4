-- Put leased rows into a batch that is about to be made, each at its place. The batch is leased to whoever makes it; if
-- nothing is heard of them, the next one looks whether it was made. Answers how many rows.
create function nightshift.bind_recaps(p_token uuid, p_batch uuid, p_items jsonb, p_lease interval) returns int
language sql as $$
    with made as (
        insert into recap_batches (id, next_look_at, locked_by, locked_until)
        values (p_batch, now() + p_lease, p_token, now() + p_lease)
    ), bound as (
        update recap_work w
        set batch = p_batch, place = g.place, locked_by = null, locked_until = null
        from jsonb_to_recordset(p_items) as g (user_id uuid, summary_date date, place int)
        where w.user_id = g.user_id and w.summary_date = g.summary_date and w.locked_by = p_token and w.batch is null
        returning 1
    )
    select count(*)::int from bound
$$;

-- A batch is over: what nothing was written for waits again, an attempt more if it was the batch that let it down, and the
-- money that was held back for it is free. Only for whoever has leased the batch; answers how many rows wait again.
create function nightshift.finish_recap_batch(p_token uuid, p_batch uuid, p_attempts int, p_error text) returns int
language plpgsql as $$
declare
    v_back int;
begin
    update recap_batches b
    set finished_at = now(), locked_by = null, locked_until = null, last_error = p_error
    where b.id = p_batch and b.locked_by = p_token;
    if not found then
        return 0;
    end if;
    with left_over as (
        select w.user_id, w.summary_date, w.reserved_usd, w.reserved_on from recap_work w where w.batch = p_batch for update
    ), back as (
        update recap_work w
        set batch = null, place = null, locked_by = null, locked_until = null, next_at = now(), reserved_usd = 0,
            reserved_on = null, attempts = w.attempts + p_attempts, last_error = p_error
        from left_over l where w.user_id = l.user_id and w.summary_date = l.summary_date
        returning 1
    ), free as (
        update recap_spend s set reserved_usd = greatest(s.reserved_usd - t.usd, 0)
        from (select l.reserved_on, sum(l.reserved_usd) as usd from left_over l group by 1) t
        where s.day = t.reserved_on
    )
    select count(*) into v_back from back;
    -- Kept until Claude, too, has forgotten it: its results are not taken for those of another one.
    delete from recap_batches b where b.finished_at < now() - interval '30 days';
    return v_back;
end
$$;

-- Lease the batch that was to be looked at first.
create function nightshift.claim_recap_batch(p_token uuid, p_lease interval)
returns table (id uuid, batch_id text, made_at timestamptz, created_at timestamptz, failures int)
language sql as $$
    update recap_batches b set locked_by = p_token, locked_until = now() + p_lease
    where b.id = (
        select d.id from recap_batches d
        where d.finished_at is null and coalesce(d.locked_until, d.next_look_at) <= now()
        order by coalesce(d.locked_until, d.next_look_at) limit 1 for update skip locked)
    returning b.id, b.batch_id, b.made_at, b.created_at, b.failures
$$;

-- Lease rows of a batch whose results are there, with the day's facts again. Only for whoever has leased the batch.
create function nightshift.claim_batch_rows(p_token uuid, p_batch uuid, p_limit int, p_lease interval)
returns table (
    user_id uuid, summary_date date, place int, attempts int, name text, chapter int, status text, score_start numeric,
    score_end numeric, decay_applied numeric, conversations_count int, messages jsonb, events jsonb
)
language plpgsql as $$
#variable_conflict use_column
begin
    return query
    with taken as (
        update recap_work w set locked_by = p_token, locked_until = now() + p_lease
        where (w.user_id, w.summary_date) in (
            select d.user_id, d.summary_date from recap_work d
            where d.batch = p_batch and d.locked_by is distinct from p_token order by d.place limit p_limit for update)
          and exists (select from recap_batches b where b.id = p_batch and b.locked_by = p_token)
        returning w.user_id, w.summary_date, w.place, w.attempts
    )
    select t.user_id, t.summary_date, t.place, t.attempts::int, f.*
    from taken t, lateral nightshift.recap_facts(t.user_id, t.summary_date) f;
end
$$;
alter function nightshift.claim_batch_rows set enable_seqscan to off;
alter function nightshift.claim_batch_rows set jit to off;
