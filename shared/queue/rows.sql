-- name: depths
-- Each queue's depth, breaker and next wake. No count looks at more than %(cap)s rows.
select q.name as queue, q.paused_at, q.paused_by, q.opened_at as breaker_open_since, q.probe_at as breaker_probe_at,
    q.failures as breaker_failures, q.last_success_at,
    case when q.last_error <> '' then nightshift.plain_error(q.last_error) end as breaker_error,
    d.live, d.due, d.oldest_due_at, d.dead,
    case q.name
        when 'pending_responses' then nightshift.next_wake_pending_responses()
        when 'email_queue' then nightshift.next_wake_email_queue()
        when 'webhook_retry_queue' then nightshift.next_wake_webhook_retry_queue()
        when 'alert_queue' then nightshift.next_wake_alert_queue()
        when 'push_queue' then nightshift.next_wake_push_queue()
    end as next_wake_at
from queues q, nightshift.depth(q.name, %(cap)s::int + 1) d
where %(queue)s::text is null or q.name = %(queue)s::text
order by q.name;

-- name: due
-- How many rows a claim would find now, counted no further than it matters.
select count(*)::int as rows from (
    select from nightshift.due_rows r where r.queue = %(queue)s::text limit %(most)s::int) as counted;

-- name: page
-- A page of one queue's rows, newest first. {rows}: the view whose index serves the wanted status.
select id, status, recipient, attempts, due_at, held, waits_for, error, troubled, possible_duplicate, created_at, finished_at,
    content
from nightshift.{rows}
where queue = %(queue)s::text
  and (%(status)s::text is null or status = %(status)s::text)
  and (%(before)s::uuid is null or id < %(before)s::uuid)
order by id desc
limit %(limit)s::int;

-- name: one
-- One row with all that is known of it, and in one line why it has not gone out.
select r.id, r.status, nightshift.plain_error(why(r.queue, r.id)) as why, r.recipient, r.attempts, r.due_at, r.wake_at, r.held,
    r.waits_for, r.error, r.troubled, r.possible_duplicate, r.locked_until, r.run_id, r.provider_message_id, r.idempotency_key,
    r.created_at, r.updated_at, r.finished_at, r.requeued_at, r.content,
    array(select case when h ? 'why' then h || jsonb_build_object('why', nightshift.plain_error(h ->> 'why')) else h end
          from jsonb_array_elements(r.history) with ordinality as e(h, n) order by n) as history
from nightshift.queue_rows r
where r.queue = %(queue)s::text and r.id = %(id)s::uuid;

-- name: pause
-- Stop claims of a queue; the first pause counts.
with changed as (
    update queues set paused_at = now(), paused_by = %(actor)s::text
    where name = %(queue)s::text and paused_at is null
    returning name
)
insert into audit_log (actor, action, subject) select %(actor)s::text, 'pause', name from changed;

-- name: resume
-- Let a paused queue go on.
with changed as (
    update queues set paused_at = null, paused_by = null
    where name = %(queue)s::text and paused_at is not null
    returning name
)
insert into audit_log (actor, action, subject) select %(actor)s::text, 'resume', name from changed;

-- name: note
-- Record an act.
insert into audit_log (actor, action, subject, detail)
values (%(actor)s::text, %(action)s::text, %(subject)s::text, %(detail)s::jsonb);
