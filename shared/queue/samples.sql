-- name: series
-- How a queue stood and what became of its rows, in even steps up to now; null where nothing was noted.
select t.at, max(s.live) as live, max(s.due) as due, max(s.oldest_due_seconds) as oldest_due_seconds, max(s.dead) as dead,
    sum(s.done)::int as done, sum(s.died)::int as died
from generate_series(
    date_bin(%(step)s::interval, now() - %(period)s::interval, timestamptz 'epoch') + %(step)s::interval,
    now(), %(step)s::interval) as t(at)
left join queue_samples s on s.queue = %(queue)s::text and s.at >= t.at and s.at < t.at + %(step)s::interval
group by t.at order by t.at;

-- name: rates
-- What became of a queue's rows in the last hour, a minute.
select coalesce(sum(s.done), 0)::float / 60 as done_per_minute, coalesce(sum(s.died), 0)::float / 60 as died_per_minute
from queue_samples s where s.queue = %(queue)s::text and s.at > now() - interval '1 hour';
