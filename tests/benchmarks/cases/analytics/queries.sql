-- name: users
-- Users and tracks that every database of the case has.
with u as (insert into users (telegram_id) select generate_series(1, %(users)s::int))
insert into tracks (title) select 'Track ' || n from generate_series(1, %(tracks)s::int) n;

-- name: months
-- A partition for each month of the history, where there are partitions.
select nightshift.make_event_months((now() - interval '13 months')::date, now()::date);

-- name: events
-- So many events, the oldest first, evenly over so long until so long ago; a tenth are opened explanations.
insert into session_analytics_events (user_id, session_id, event_type, metadata, created_at)
select (%(users)s::uuid[])[1 + abs(hashint8(n)::bigint) %% cardinality(%(users)s::uuid[])], 'session ' || n / 20,
       case when n %% 10 = 0 then 'explanation_opened' else 'page_viewed' end, '{"page": "home"}',
       now() - %(until)s::interval - %(over)s::interval * (1 - n::float8 / %(events)s::bigint)
from generate_series(1, %(events)s::bigint) n;

-- name: study
-- A study log of so many days: users study four days of seven, and complete nine of ten entries.
insert into user_study_log (user_id, track_id, study_date, is_completed)
select u.id, (%(tracks)s::uuid[])[1 + u.telegram_id %% cardinality(%(tracks)s::uuid[])], now()::date - day, (u.telegram_id + day) %% 10 > 0
from users u, generate_series(1, %(days)s::int) day where (u.telegram_id + day) %% 7 < 4;

-- name: steps
-- A step of the path a week, two of three done within days.
insert into learning_path (user_id, node_index, node_type, unlock_date, completed_at)
select u.id, week, (array['learning', 'review', 'quiz'])[1 + week %% 3], now()::date - 7 * week,
       case when (u.telegram_id + week) %% 3 > 0 then now() - make_interval(days => 7 * week - (u.telegram_id %% 4)::int) end
from users u, generate_series(1, %(weeks)s::int) week;

-- name: new_study
-- What a twentieth of the users have just completed.
insert into user_study_log (user_id, track_id, study_date, is_completed)
select u.id, (%(tracks)s::uuid[])[1 + %(round)s::int %% cardinality(%(tracks)s::uuid[])], now()::date, true
from users u where u.telegram_id %% 20 = %(round)s::int %% 20 on conflict do nothing;
