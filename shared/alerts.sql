-- name: alarm
-- One row back if this cause is to be told of now; the asking notes it and puts it into the queue, for each target.
with told as (
    insert into alert_states as a (cause, raised_at, sent_at)
    values (%(cause)s::text, now(), now())
    on conflict (cause) do update
    set raised_at = case when a.resolved_at is null then a.raised_at else now() end,
        sent_at = now(), times = a.times + 1, resolved_at = null
    where a.sent_at < now() - case when a.resolved_at is null then %(again)s::interval else %(quiet)s::interval end
    returning cause, coalesce(%(since)s::timestamptz, raised_at) as since
), queued as (
    insert into alert_queue (kind, cause, summary, advice, page, since, target)
    select 'alarm', told.cause, %(summary)s::text, %(advice)s::text, %(page)s::text, told.since, target
    from told cross join unnest(%(targets)s::text[]) as target
)
select since from told;

-- name: lasting
-- What had been told of, of these kinds, and is not over; the longest first.
select cause from alert_states
where resolved_at is null and split_part(cause, ':', 1) = any (%(kinds)s::text[]) order by raised_at, cause;

-- name: resolve
-- Those of these causes that had been told of and are gone now; for each of `told` a notice goes into the queue.
with gone as (
    update alert_states set resolved_at = now()
    where cause = any (%(causes)s::text[]) and resolved_at is null
    returning cause, raised_at
), queued as (
    insert into alert_queue (kind, cause, summary, page, since, target)
    select 'recovery', gone.cause, said.summary, said.page, gone.raised_at, target
    from gone
    join jsonb_to_recordset(%(told)s::jsonb) as said(cause text, summary text, page text) using (cause)
    cross join unnest(%(targets)s::text[]) as target
)
select cause from gone;
