-- name: behind
-- Those of these recoveries whose alarm has not gone out yet.
select r.id from alert_queue r
where r.id = any (%(ids)s::uuid[]) and exists (
    select from alert_queue a
    where a.finished_at is null and a.kind = 'alarm' and a.cause = r.cause and a.target = r.target
      and a.created_at <= r.created_at);

-- name: sample
-- How each queue stands, noted for this minute; beside it what it was at the oldest of the samples of the last ten
-- minutes, how few were due in any of them, and how many samples those are. No count looks at more than it says.
with stood as materialized (
    select q.name as queue, date_trunc('minute', now()) as at, q.paused_at, q.opened_at,
        case when q.last_error <> '' then nightshift.plain_error(q.last_error) end as why, before.*,
        d.live, d.due, d.oldest_due_at, d.dead,
        (select count(*)::int from (
            select from nightshift.queue_rows r
            where r.queue = q.name and r.finished_at >= before.since and r.finished_at < date_trunc('minute', now())
              and r.status not in ('failed', 'dead_letter', 'discarded') limit %(most)s::int) r) as done,
        (select count(*)::int from (
            select from nightshift.dead_rows r
            where r.queue = q.name and r.finished_at >= before.since and r.finished_at < date_trunc('minute', now())
            limit %(most)s::int) r) as died
    from queues q
    cross join lateral (
        select greatest(coalesce(max(s.at), now() - interval '1 minute'), now() - interval '1 hour') as since,
            count(*) filter (where s.at > now() - interval '10 minutes')::int as samples,
            min(s.due) filter (where s.at > now() - interval '10 minutes') as least_due,
            (array_agg(s.due order by s.at) filter (where s.at > now() - interval '10 minutes'))[1] as due_before
        from queue_samples s
        where s.queue = q.name and s.at > now() - interval '1 hour' and s.at < date_trunc('minute', now())) before
    cross join nightshift.depth(q.name, %(cap)s::int) d
), noted as (
    insert into queue_samples (queue, at, live, due, oldest_due_seconds, dead, done, died)
    select queue, at, live, due, extract(epoch from now() - oldest_due_at), dead, done, died from stood
    on conflict do nothing
)
select queue, paused_at, opened_at, why, live, due, oldest_due_at, dead, died, samples, least_due, due_before
from stood order by queue;

-- name: close_overdue
-- Runs that were killed say so, whether or not the next run of their job has come.
select allowed.job, nightshift.close_overdue_runs(allowed.job, allowed.most) as killed
from unnest(%(jobs)s::text[], %(limits)s::interval[]) as allowed(job, most)
where exists (
    select from job_history h
    where h.job_name = allowed.job and h.status = 'running' and h.started_at < now() - allowed.most);

-- name: mended
-- Tasks whose passes have come for longer than a run may last, and of whose runs in that time none failed or still runs.
select allowed.job
from unnest(%(jobs)s::text[], %(limits)s::interval[]) as allowed(job, most)
join job_pulses p on p.job = allowed.job
where p.steady_since < now() - allowed.most - interval '2 minutes' and p.began_at > now() - interval '6 minutes'
  and not exists (
    select from job_history h
    where h.job_name = allowed.job and h.status in ('failed', 'running')
      and h.started_at > now() - allowed.most - interval '2 minutes');

-- name: budget_held
-- Whether recaps were held back a short while ago; each run that lacks the money holds them for five minutes.
select coalesce(bool_or(held_until > now() - interval '15 minutes'), false) as held from recap_channel;
