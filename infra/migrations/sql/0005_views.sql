-- The three tables as one, without what distinguishes them. A query that names its queue touches that table only.
-- queue_rows has every row, live_rows the pending and leased ones, dead_rows the dead letters; the latter two are
-- written so that small partial indexes serve them: up to 0005 on the column wake_at, from 0006 on the final time.
{% for view, among in (("queue_rows", "all"), ("live_rows", "live"), ("dead_rows", "dead")) %}
create or replace view nightshift.{{ view }} as
{% for queue in queues %}
{% set woken %}
case when r.held then null when r.status = 'pending' then {{ queue.due }}
         when r.status = 'processing' then r.locked_until end
{%- endset %}
{% if not loop.first %}
union all
{% endif %}
select '{{ queue.table }}'::text as queue, r.id, r.status, {{ queue.due }} as due_at,
    {{ "r.wake_at" if indexed_by_wake else woken }} as wake_at, r.held,
    r.{{ queue.attempts }}::int as attempts, r.created_at, r.updated_at, r.finished_at, r.requeued_at,
    r.locked_until, r.run_id, case when r.waits_for <> '' then nightshift.plain_error(r.waits_for) end as waits_for,
    nightshift.plain_error(r.last_error) as error, r.last_error is not null as troubled,
    r.possible_duplicate, r.provider_message_id,
    case when r.idempotency_key <> '' then nightshift.plain_error(r.idempotency_key) end as idempotency_key, r.history,
    {{ queue.recipient }} as recipient,
    jsonb_build_object({% for column in queue.content %}'{{ column }}', r.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}) as content
from {{ queue.table }} r
{% if among == "dead" %}
where {% if not indexed_by_wake %}r.finished_at is not null and r.{{ queue.done_at }} is null and {% endif %}r.status = '{{ queue.dead }}'
{% elif among == "live" and queue.lane %}
where r.status in ('pending', 'processing')
{% elif among == "live" %}
where {{ "r.wake_at is not null" if indexed_by_wake else "r.finished_at is null and not r.held" }}
{% endif %}
{% endfor %};
{% endfor %}
