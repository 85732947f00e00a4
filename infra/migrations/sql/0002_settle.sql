-- Write the fates of several rows at once. Only rows that p_token still holds are touched: a worker that lost its lease
-- changes nothing. The arrays run in parallel; p_again is the time that a snooze names; p_delays overrides the ladder.
-- Answers how many rows went which way, and whether the queue is open for more.
create function nightshift.settle_{{ queue.table }}(
    p_token uuid, p_id uuid[], p_fate text[], p_why text[], p_again timestamptz[], p_receipt text[], p_ms int[],
    p_delays interval[] default null, p_now timestamptz default now()
) returns table (settled int, done int, again int, dead int, queue_open boolean)
language plpgsql as $$
declare
    v_last_success timestamptz;
{% if queue.lane %}
    v_lanes bigint[];
{% endif %}
begin
    select q.last_success_at into v_last_success from queues q where q.name = '{{ queue.table }}';

    with fates as (
        select f.*, r.{{ queue.attempts }} as attempts_before,
            {{ queue.spent }} as spent,
            -- The provider's own trouble is not the row's fault, unless others got through since its last attempt.
            f.fate in ('retry') or (f.fate in ('down', 'unknown')
                and coalesce(v_last_success > (r.history -> -1 ->> 'at')::timestamptz, false)) as counts,
            f.fate = 'unknown' and r.possible_duplicate as doubted_before
        from unnest(p_id, p_fate, p_why, p_again, p_receipt, p_ms) as f(id, fate, why, again, receipt, ms)
        join {{ queue.table }} r on r.id = f.id and r.locked_by = p_token
    ), verdicts as (
        select f.*, case
            when f.fate = 'done' then '{{ queue.done }}'
{% if queue.skipped %}
            when f.fate = 'skip' then '{{ queue.skipped }}'
{% endif %}
            when f.fate in ('dead', 'skip') then '{{ queue.dead }}'
            when f.counts and (f.spent or f.doubted_before) then '{{ queue.dead }}'
            else 'pending' end as verdict
        from fates f
    ), written as (
        update {{ queue.table }} r
        set status = v.verdict,
{% if queue.counts_success %}
            {{ queue.attempts }} = r.{{ queue.attempts }} + (v.counts or v.fate in ('done', 'dead'))::int,
{% else %}
            {{ queue.attempts }} = r.{{ queue.attempts }} + (v.counts and v.verdict = 'pending')::int,
{% endif %}
            {{ queue.next }} = case
                when v.verdict <> 'pending' or v.fate = 'release' then r.{{ queue.next }}
                when v.fate = 'snooze' then v.again
                when v.fate = 'down' and not v.counts then p_now + interval '2 seconds'
                -- A provider that takes everything and answers nothing gets no third copy soon.
                when v.doubted_before then p_now + interval '10 minutes'
                else p_now + nightshift.retry_delay('{{ queue.table }}', v.attempts_before + {{ queue.first_step }}, p_delays) end,
            waits_for = case when v.verdict = 'pending' and v.fate <> 'release' then v.why end,
            last_error = case when v.fate in ('done', 'release', 'snooze') then r.last_error else v.why end,
            locked_by = null, locked_until = null,
            finished_at = case when v.verdict <> 'pending' then p_now end,
            possible_duplicate = r.possible_duplicate or v.fate = 'unknown',
            provider_message_id = coalesce(v.receipt, r.provider_message_id),
            history = case when v.fate in ('release', 'snooze') then r.history
                else r.history || nightshift.attempt(p_now, v.fate, v.why, r.run_id, v.ms) end,
            updated_at = p_now
        from verdicts v
        -- Said again here: the row may have been taken over while this statement waited for its lock.
        where r.id = v.id and r.locked_by = p_token
        returning v.verdict, v.fate{% if queue.lane %}, r.{{ queue.lane }} as lane{% endif %}

    )
    select count(*)::int, count(*) filter (where verdict in ('{{ queue.done }}'{% if queue.skipped %}, '{{ queue.skipped }}'{% endif %}))::int,
           count(*) filter (where verdict = 'pending')::int, count(*) filter (where verdict = '{{ queue.dead }}')::int
{% if queue.lane %}
           , array_agg(distinct lane)
{% endif %}
    into settled, done, again, dead{% if queue.lane %}, v_lanes{% endif %}

    from written;
{% if queue.lane %}
    -- By a statement of its own: it must see rows that were parked while this one waited for their locks.
    perform nightshift.release_{{ queue.table }}(v_lanes);
{% endif %}
    queue_open := nightshift.note_health('{{ queue.table }}',
        (select count(*)::int from unnest(p_fate) as f where f in ('done', 'dead', 'retry')),
        (select count(*)::int from unnest(p_fate) as f where f in ('down', 'unknown')),
        (select max(w) from unnest(p_fate, p_why) as f(fate, w) where f.fate in ('down', 'unknown')), p_now);
    return next;
end
$$;
