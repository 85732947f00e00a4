-- name: active_learning_days
-- Every view as its definition over the sources, without roll-ups.
with studied as (select distinct user_id, study_date as day from user_study_log where is_completed),
     today as (select (now() at time zone 'utc')::date as d)
select user_id, count(*)::int, (count(*) filter (where day > d - 7))::int, (count(*) filter (where day > d - 30))::int,
       min(day), max(day)
from studied, today group by user_id order by user_id;

-- name: popular_tracks
select t.id, t.title, t.schedule_type, count(distinct l.user_id)::int, (count(*) filter (where l.is_completed))::bigint,
       count(l.id), round(100.0 * count(*) filter (where l.is_completed) / nullif(count(l.id), 0), 2)
from tracks t left join user_study_log l on l.track_id = t.id group by t.id order by t.id;

-- name: streak_dropoffs
with studied as (select distinct user_id, study_date as day from user_study_log where is_completed),
     numbered as (select user_id, day, day - row_number() over (partition by user_id order by day)::int as island from studied),
     streaks as (select count(*)::int as days, max(day) as ended from numbered group by user_id, island),
     ended as (select days from streaks, (select (now() at time zone 'utc')::date as d) t where ended between d - 180 and d - 2)
select days, count(*), round(100.0 * count(*) / sum(count(*)) over (), 2) from ended group by days order by days;

-- name: steps
with today as (select (now() at time zone 'utc')::date as d),
     steps as (select *, date_trunc('week', unlock_date::timestamp)::date as week from learning_path where node_type = %(kind)s::text)
select week, count(distinct user_id)::int, count(*), count(completed_at),
       round(100.0 * count(completed_at) / count(*), 2),
       round(avg(extract(epoch from completed_at - unlock_date::timestamp at time zone 'utc')) / 3600, 2)
from steps, today where week between d - 90 and d group by week order by week;

-- name: opened
with today as (select (now() at time zone 'utc')::date as d),
     opened as (select user_id, date_trunc('week', created_at at time zone 'utc')::date as week
                from session_analytics_events where event_type = 'explanation_opened')
select week, count(*), count(distinct user_id)::int from opened, today where week between d - 90 and d group by week order by week;

-- name: summary
with today as (select (now() at time zone 'utc')::date as d),
     active as (select user_id, (created_at at time zone 'utc')::date as day from session_analytics_events
                union select user_id, study_date from user_study_log where is_completed)
select (select count(*) from users), (select count(distinct user_id) from user_study_log where is_completed),
       (select count(*) from (select distinct user_id, study_date from user_study_log where is_completed) s),
       (select count(distinct user_id) from active where day > d - 7), (select count(distinct user_id) from active where day > d - 30),
       (select count(*) from tracks), (select count(*) from user_study_log), (select count(*) from user_study_log where is_completed),
       (select round(100.0 * count(*) filter (where is_completed) / nullif(count(*), 0), 2) from user_study_log),
       (select round(100.0 * count(completed_at) / nullif(count(*), 0), 2) from learning_path where node_type = 'learning'),
       (select round(100.0 * count(completed_at) / nullif(count(*), 0), 2) from learning_path where node_type = 'review'),
       (select round(100.0 * count(completed_at) / nullif(count(*), 0), 2) from learning_path where node_type = 'quiz'),
       (select count(*) from session_analytics_events)
from today;
