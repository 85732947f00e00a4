-- Undo a discard, for as long as the row is kept: a dead letter is one again, a pending row is pending again.
create function nightshift.restore_{{ queue.table }}(p_ids uuid[], p_actor text, p_now timestamptz default now())
returns setof uuid
language sql as $$
    with back as (
        update {{ queue.table }} r
        set status = b.was, finished_at = case when b.was <> 'pending' then p_now end, updated_at = p_now,
            requeued_at = case when b.was = 'pending' then p_now else r.requeued_at end,
            history = r.history || nightshift.attempt(p_now, 'restored', 'by ' || p_actor, null, null)
        from (
            select d.id, coalesce(d.history -> -1 ->> 'was', '{{ queue.dead }}') as was
            from {{ queue.table }} d where d.id = any (p_ids) and d.status = 'discarded') b
        where r.id = b.id and r.status = 'discarded'
        returning r.id
    ), noted as (
        insert into audit_log (at, actor, action, subject) select p_now, p_actor, 'restore', '{{ queue.table }}/' || id from back
    )
    select id from back
$$;
