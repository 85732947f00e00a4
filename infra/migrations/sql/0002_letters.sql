-- Bring back dead letters (and discarded rows), by id: pending at once, attempts afresh, history kept, act recorded.
create function nightshift.requeue_{{ queue.table }}(p_ids uuid[], p_actor text, p_now timestamptz default now())
returns setof uuid
language sql as $$
    with back as (
        update {{ queue.table }} r
        set status = 'pending', {{ queue.attempts }} = 0, {{ queue.next }} = p_now, finished_at = null, requeued_at = p_now,
            waits_for = null, updated_at = p_now,
            history = r.history || nightshift.attempt(p_now, 'requeued', 'by ' || p_actor, null, null)
        where r.id = any (p_ids) and r.status in ('{{ queue.dead }}', 'discarded')
        returning r.id
    ), noted as (
        insert into audit_log (at, actor, action, subject) select p_now, p_actor, 'requeue', '{{ queue.table }}/' || id from back
    )
    select id from back
$$;

-- Give rows up by hand: dead letters, and pending ones that nobody wants sent any more.
create function nightshift.discard_{{ queue.table }}(p_ids uuid[], p_actor text, p_now timestamptz default now())
returns setof uuid
language plpgsql as $$
begin
    return query
    with gone as (
        update {{ queue.table }} r
        set status = 'discarded', finished_at = coalesce(r.finished_at, p_now), held = false, waits_for = null, updated_at = p_now,
            history = r.history || nightshift.attempt(p_now, 'discarded', 'by ' || p_actor, null, null)
        where r.id = any (p_ids) and r.status in ('{{ queue.dead }}', 'pending')
        returning r.id
    ), noted as (
        insert into audit_log (at, actor, action, subject) select p_now, p_actor, 'discard', '{{ queue.table }}/' || gone.id from gone
    )
    select gone.id from gone;
{% if queue.lane %}
    perform nightshift.release_{{ queue.table }}(array(select distinct {{ queue.lane }} from {{ queue.table }} where id = any (p_ids)));
{% endif %}
end
$$;

-- One line: why has this row not gone out?
create function nightshift.why_{{ queue.table }}(p_id uuid, p_now timestamptz default now()) returns text
language sql stable as $$
    select case
        when r.status = '{{ queue.done }}' then '{{ queue.done }} at ' || r.finished_at
        when r.status = '{{ queue.dead }}' then 'dead: ' || coalesce(r.last_error, 'no error recorded') || ' (' || r.finished_at || '); requeue or discard it'
{% if queue.skipped %}
        when r.status = '{{ queue.skipped }}' then '{{ queue.skipped }}: ' || coalesce(r.last_error, 'on the suppression list')
{% endif %}
        when r.status = 'discarded' then 'discarded at ' || r.finished_at || coalesce(': ' || r.last_error, '')
        when r.status = 'processing' and r.locked_until <= p_now then 'its lease by run ' || coalesce(r.run_id::text, 'unknown') || ' ran out at ' || r.locked_until || '; the next run takes it'
        when r.status = 'processing' then 'leased by run ' || coalesce(r.run_id::text, 'unknown') || ' until ' || r.locked_until
{% if queue.lane %}
        when earlier.id is not null then 'behind an earlier message of the same chat: ' || earlier.id
{% endif %}
        when {{ queue.due }} > p_now then coalesce(r.waits_for || '; ', '') || 'not due until ' || {{ queue.due }}
        when q.paused_at is not null then 'the queue is paused since ' || q.paused_at || coalesce(' by ' || q.paused_by, '')
        when q.opened_at is not null then 'the breaker is open since ' || q.opened_at || ' (' || coalesce(q.last_error, 'no error recorded') || '), next probe at ' || q.probe_at
        else 'due since ' || {{ queue.due }} || '; the next run takes it' end
    from {{ queue.table }} r
    join queues q on q.name = '{{ queue.table }}'
{% if queue.lane %}
    left join lateral (
        select e.id from {{ queue.table }} e
        where e.{{ queue.lane }} = r.{{ queue.lane }} and e.id <> r.id and e.status in ('pending', 'processing')
          and (e.status = 'processing' or (e.{{ queue.lane_order }}, e.id) < (r.{{ queue.lane_order }}, r.id))
        order by e.{{ queue.lane_order }}, e.id limit 1) earlier on r.status = 'pending'
{% endif %}
    where r.id = p_id
$$;
