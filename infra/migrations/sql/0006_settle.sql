{% set grouped = grouped | default(false) %}
{# How p_fates came until 0016: an object for each row. Since then: one for all rows that ended alike. #}
-- Write the fates of several rows at once. Only rows that p_token still holds are touched: a worker that lost its lease
{% if grouped %}
-- changes nothing. p_fates is an array of {ids, receipts, attempt: {fate, why, ms, run}, again}, one for all rows that
-- ended alike: `attempt` is what their history keeps, `receipts` go with the ids (left out if there are none), `again` is
-- the time that a snooze names. p_delays overrides the ladder. Answers how many rows went which way, and whether the queue
-- is open for more.
{% else %}
-- changes nothing. p_fates is an array of {id, attempt: {fate, why, ms, run}, again, receipt}: `attempt` is what the row's
-- history keeps, `again` the time that a snooze names. p_delays overrides the ladder. Answers how many rows went which
-- way, and whether the queue is open for more.
{% endif %}
create function nightshift.settle_{{ queue.table }}(
    p_token uuid, p_fates jsonb, p_delays interval[] default null, p_now timestamptz default now()
) returns table (settled int, done int, again int, dead int, queue_open boolean)
language plpgsql as $$
declare
    v_at jsonb := jsonb_build_object('at', p_now);
    v_others int := 0;
    v_up int;
    v_down int := 0;
    v_error text;
    v_last_success timestamptz;
    v_delays interval[];
{% if queue.lane %}
    v_lanes bigint[];
    v_more bigint[];
{% endif %}
begin
    -- What went well, which is nearly everything, in one pass{{ "; what its history gets is made once for all that are alike" if grouped }}.
{% if queue.lane %}
    with written as (
{% endif %}
    update {{ queue.table }} r
    set status = '{{ queue.done }}', {{ queue.done_at }} = p_now, finished_at = p_now, locked_by = null, locked_until = null, waits_for = null,
{% if queue.counts_success %}
        {{ queue.attempts }} = r.{{ queue.attempts }} + 1,
{% endif %}
        provider_message_id = coalesce(f.receipt, r.provider_message_id),
{% if grouped %}
        history = case when r.history = '[]' then f.attempt else r.history || f.attempt end, updated_at = p_now
    from (
        select alike.attempt, t.id, t.receipt
        from (
            select j.ids, j.receipts, jsonb_build_array(v_at || j.attempt) as attempt
            from jsonb_to_recordset(p_fates) as j(ids uuid[], receipts text[], attempt jsonb)
            where j.attempt ->> 'fate' = 'done'
            offset 0
        ) alike
        cross join lateral unnest(alike.ids, alike.receipts) as t(id, receipt)
    ) f
    where r.id = f.id and r.locked_by = p_token
{% else %}
        history = r.history || (v_at || f.attempt), updated_at = p_now
    from jsonb_to_recordset(p_fates) as f(id uuid, attempt jsonb, receipt text)
    where f.attempt ->> 'fate' = 'done' and r.id = f.id and r.locked_by = p_token
{% endif %}
{% if queue.lane %}
    returning r.{{ queue.lane }} as lane
    ) select count(*), array_agg(lane) into done, v_lanes from written;
{% else %}
    ;
    get diagnostics done = row_count;
{% endif %}
    settled := done;
    again := 0;
    dead := 0;
    v_up := done;

{% if grouped %}
    if done < (select count(*) from jsonb_to_recordset(p_fates) as j(ids uuid[]) cross join lateral unnest(j.ids)) then
{% else %}
    if done < jsonb_array_length(p_fates) then
{% endif %}
        select q.last_success_at, coalesce(p_delays, q.retry_delays) into v_last_success, v_delays
        from queues q where q.name = '{{ queue.table }}';
        with fates as (
            select f.*, r.{{ queue.attempts }} as attempts_before,
                {{ queue.spent }} as spent,
                -- The provider's own trouble is not the row's fault, unless others got through since its last attempt.
                f.fate = 'retry' or (f.fate in ('down', 'unknown')
                    and coalesce(v_last_success > (r.history -> -1 ->> 'at')::timestamptz, false)) as counts,
                f.fate = 'unknown' and r.possible_duplicate as doubted_before
            from (
{% if grouped %}
                select t.id, j.attempt, j.again, t.receipt, j.attempt ->> 'fate' as fate, j.attempt ->> 'why' as why
                from jsonb_to_recordset(p_fates) as j(ids uuid[], receipts text[], attempt jsonb, again timestamptz)
                cross join lateral unnest(j.ids, j.receipts) as t(id, receipt)
{% else %}
                select j.id, j.attempt, j.again, j.receipt, j.attempt ->> 'fate' as fate, j.attempt ->> 'why' as why
                from jsonb_to_recordset(p_fates) as j(id uuid, attempt jsonb, again timestamptz, receipt text)
{% endif %}
                where j.attempt ->> 'fate' <> 'done'
            ) f
            join {{ queue.table }} r on r.id = f.id and r.locked_by = p_token
        ), verdicts as (
            select f.*, case
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
                {{ queue.attempts }} = r.{{ queue.attempts }} + (v.counts or v.fate = 'dead')::int,
{% else %}
                {{ queue.attempts }} = r.{{ queue.attempts }} + (v.counts and v.verdict = 'pending')::int,
{% endif %}
                {{ queue.next }} = case
                    when v.verdict <> 'pending' or v.fate = 'release' then r.{{ queue.next }}
                    when v.fate = 'snooze' then v.again
                    when v.fate = 'down' and not v.counts then p_now + interval '2 seconds'
                    -- A provider that takes everything and answers nothing gets no third copy soon.
                    when v.doubted_before then p_now + interval '10 minutes'
                    else p_now + nightshift.retry_delay('{{ queue.table }}', v.attempts_before + {{ queue.first_step }}, v_delays) end,
                waits_for = case when v.verdict = 'pending' and v.fate <> 'release' then v.why end,
                last_error = case when v.fate in ('release', 'snooze') then r.last_error else v.why end,
                locked_by = null, locked_until = null,
                finished_at = case when v.verdict <> 'pending' then p_now end,
                possible_duplicate = r.possible_duplicate or v.fate = 'unknown',
                provider_message_id = coalesce(v.receipt, r.provider_message_id),
                history = case when v.fate in ('release', 'snooze') then r.history
                    else r.history || (v_at || v.attempt) end,
                updated_at = p_now
            from verdicts v
            -- Said again here: the row may have been taken over while this statement waited for its lock.
            where r.id = v.id and r.locked_by = p_token
            returning v.verdict{% if queue.lane %}, r.{{ queue.lane }} as lane{% endif %}

        )
        select count(*)::int, count(*) filter (where verdict = '{{ queue.skipped or queue.done }}')::int,
               count(*) filter (where verdict = 'pending')::int, count(*) filter (where verdict = '{{ queue.dead }}')::int
{% if queue.lane %}
               , array_agg(lane)
{% endif %}
        into v_others, done, again, dead{% if queue.lane %}, v_more{% endif %}

        from written;
        done := done + settled;
        settled := settled + v_others;
{% if queue.lane %}
        v_lanes := v_lanes || v_more;
{% endif %}
        -- What providers said counts, whoever holds the row by now.
{% set rows = "coalesce(sum(cardinality(f.ids))" if grouped else "count(*)" %}
{% set end = ", 0)" if grouped else "" %}
        select {{ rows }} filter (where f.attempt ->> 'fate' in ('done', 'dead', 'retry')){{ end }},
               {{ rows }} filter (where f.attempt ->> 'fate' in ('down', 'unknown')){{ end }},
               max(f.attempt ->> 'why') filter (where f.attempt ->> 'fate' in ('down', 'unknown'))
        into v_up, v_down, v_error
        from jsonb_to_recordset(p_fates) as f({{ "ids uuid[], " if grouped }}attempt jsonb);
    end if;
{% if queue.lane %}
    -- By a statement of its own: it must see rows that were parked while this one waited for their locks.
    perform nightshift.release_{{ queue.table }}(array(select distinct lane from unnest(v_lanes) as lane));
{% endif %}
    queue_open := nightshift.note_health('{{ queue.table }}', v_up, v_down, v_error, p_now);
    return next;
end
$$;
