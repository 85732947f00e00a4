-- name: alarm
-- One row back if this cause is to be told of now; the asking notes it.
insert into alert_states as a (cause, raised_at, sent_at)
values (%(cause)s::text, now(), now())
on conflict (cause) do update
set raised_at = case when a.resolved_at is null then a.raised_at else now() end,
    sent_at = now(), times = a.times + 1, resolved_at = null
where a.sent_at < now() - %(quiet)s::interval
returning cause;

-- name: resolve
-- One row back if this cause had been told of and is gone now.
update alert_states set resolved_at = now()
where cause = %(cause)s::text and resolved_at is null and %(quiet)s::interval is not null
returning cause;
