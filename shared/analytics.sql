-- name: refreshed
-- When a view was last renewed, and what went wrong since, if anything did.
select (select max(started_at) from nightshift.analytics_refreshes
        where view_name = %(view)s::text and error is null) as refreshed_at,
    (select error from nightshift.analytics_refreshes
     where view_name = %(view)s::text order by started_at desc limit 1) as error;

-- name: refreshes
-- The latest attempt and the latest success of every view.
select v.name as view, s.started_at as refreshed_at, s.rows, extract(epoch from s.duration)::float8 as seconds, a.started_at as tried_at, a.error
from unnest(nightshift.analytics_views()) with ordinality as v (name, number)
left join lateral (
    select started_at, rows, duration from nightshift.analytics_refreshes r
    where r.view_name = v.name and r.error is null order by r.started_at desc limit 1) s on true
left join lateral (
    select started_at, error from nightshift.analytics_refreshes r
    where r.view_name = v.name order by r.started_at desc limit 1) a on true
order by v.number;

-- name: summary_stats
-- The one row of totals.
select total_users, total_learners, total_learning_days, active_users_7d, active_users_30d, total_tracks, total_scheduled,
    total_completions, study_completion_rate, learning_completion_rate, review_completion_rate, quiz_completion_rate,
    total_events, refreshed_at
from analytics.summary_stats
limit %(limit)s::int;

-- name: active_learning_days
-- The most diligent users first; a date range means the day of their latest entry.
select user_id, total_days, days_last_7, days_last_30, first_day, last_day
from analytics.active_learning_days
where (%(since)s::date is null or last_day >= %(since)s::date) and (%(until)s::date is null or last_day <= %(until)s::date)
order by total_days desc, user_id
limit %(limit)s::int;

-- name: popular_tracks
-- The most completed tracks first.
select track_id, title, schedule_type, users, completions, scheduled, completion_rate
from analytics.popular_tracks
order by completions desc, track_id
limit %(limit)s::int;

-- name: streak_dropoffs
-- Short streaks first.
select streak_days, streaks, share from analytics.streak_dropoffs order by streak_days limit %(limit)s::int;

-- name: quiz_completion_rates
-- Weeks, the latest first.
select week_start, users, unlocked, completed, completion_rate, avg_hours_to_complete
from analytics.quiz_completion_rates
where (%(since)s::date is null or week_start >= %(since)s::date) and (%(until)s::date is null or week_start <= %(until)s::date)
order by week_start desc
limit %(limit)s::int;

-- name: review_session_usage
-- Weeks, the latest first.
select week_start, users, unlocked, completed, completion_rate, avg_hours_to_complete
from analytics.review_session_usage
where (%(since)s::date is null or week_start >= %(since)s::date) and (%(until)s::date is null or week_start <= %(until)s::date)
order by week_start desc
limit %(limit)s::int;

-- name: explanation_engagement
-- Weeks, the latest first.
select week_start, users, unlocked, completed, completion_rate, avg_hours_to_complete, opened, readers
from analytics.explanation_engagement
where (%(since)s::date is null or week_start >= %(since)s::date) and (%(until)s::date is null or week_start <= %(until)s::date)
order by week_start desc
limit %(limit)s::int;

-- name: progress
-- How far a run of refresh-analytics has come: views that it has tried, of all.
select h.status, cardinality(nightshift.analytics_views()) as views, (
        select count(*)::int from unnest(nightshift.analytics_views()) as v (name)
        where exists (select from nightshift.analytics_refreshes r where r.view_name = v.name and r.started_at >= h.started_at)
    ) as tried
from job_history h
where h.id = %(run)s::uuid;
