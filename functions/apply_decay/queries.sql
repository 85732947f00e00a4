-- name: missed
-- Of the dates from `since` to the one before `today` those that no run has done, though an earlier one was done.
with done as (
    select d.key::date as done_date
    from job_history h cross join jsonb_object_keys(h.metadata -> 'dates') as d(key)
    where h.job_name = 'apply-decay'
)
select day::date as date
from generate_series(%(since)s::timestamp, %(today)s::timestamp - interval '1 day', interval '1 day') as day
where exists (select from done where done_date < day)
  and not exists (select from done where done_date = day)
order by day;

-- name: apply
-- The decay of a date.
select looked_at, decayed, game_over from apply_daily_decay(%(date)s::date);
