{% set noticed = noticed | default(false) %}
{# Since 0018 a mail tells what its provider said of it later. #}
-- One line: why has this row not gone out?
create or replace function nightshift.why_{{ queue.table }}(p_id uuid, p_now timestamptz default now()) returns text
language sql stable as $$
    select case
        when r.status = '{{ queue.done }}' then '{{ queue.done }} at ' || r.finished_at{% if noticed %} || coalesce('; then ' || heard.what, ''){% endif %}

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
{% if noticed %}
    left join lateral (
        select string_agg(e.event_type || ' at ' || e.event_created || ' (' || e.provider || ')', ', ' order by e.event_created, e.id) as what
        from webhook_events e where e.object_id = r.provider_message_id and e.provider in ('ses', 'resend')) heard on true
{% endif %}
    where r.id = p_id
$$;
