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

{% include "0002_why.sql" %}
