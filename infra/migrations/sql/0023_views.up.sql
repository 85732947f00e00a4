create schema analytics;
comment on schema analytics is 'Figures for admins, as of the last refresh. Days and weeks are UTC, weeks begin on Monday.';

-- Ended streaks, weeks, users: the views read the roll-ups alone, whatever the history behind them.
create materialized view analytics.active_learning_days as
select l.user_id, l.learning_days as total_days, coalesce(r.days_7, 0)::int as days_last_7,
       coalesce(r.days_30, 0)::int as days_last_30, l.first_day, l.last_day
from nightshift.analytics_learners l
left join (
    select user_id, sum(greatest(last_day - greatest(first_day, nightshift.utc_today() - 6) + 1, 0)) as days_7,
           sum(last_day - greatest(first_day, nightshift.utc_today() - 29) + 1) as days_30
    from nightshift.analytics_streaks where last_day >= nightshift.utc_today() - 29 group by user_id
) as r using (user_id)
where l.learning_days > 0;
create unique index active_learning_days_user on analytics.active_learning_days (user_id);
comment on materialized view analytics.active_learning_days is
    'Per user the days with a completed entry of the study log: in all, of the last 7 and 30, the first and the last.';

create materialized view analytics.popular_tracks as
select t.id as track_id, t.title, t.schedule_type, coalesce(g.users, 0) as users, coalesce(g.done, 0) as completions,
       coalesce(g.entries, 0) as scheduled, nightshift.percent(g.done, g.entries) as completion_rate
from public.tracks t left join nightshift.analytics_groups g on g.kind = 'track' and g.bucket = t.id::text;
create unique index popular_tracks_track on analytics.popular_tracks (track_id);
comment on materialized view analytics.popular_tracks is
    'Per track its users, what they completed, what was scheduled for them, and the one as a percentage of the other.';

create materialized view analytics.streak_dropoffs as
select days as streak_days, sum(streaks)::bigint as streaks,
       nightshift.percent(sum(streaks), sum(sum(streaks)) over ()) as share
from nightshift.analytics_streak_ends
where streaks > 0 and last_day between nightshift.utc_today() - 180 and nightshift.utc_today() - 2
group by days;
create unique index streak_dropoffs_days on analytics.streak_dropoffs (streak_days);
comment on materialized view analytics.streak_dropoffs is
    'How long the streaks of learning days were that ended in the last 180 days, how many of each length, and their
percentage of all. A streak of yesterday has not ended: today may go on with it.';

{% for view, kind in weekly %}
create materialized view analytics.{{ view }} as
select g.bucket::date as week_start, g.users, g.entries as unlocked, g.done as completed,
       nightshift.percent(g.done, g.entries) as completion_rate,
       round(g.micros::numeric / nullif(g.done, 0) / 3600000000, 2) as avg_hours_to_complete
{%- if kind == "learning" %}, coalesce(o.entries, 0) as opened, coalesce(o.users, 0) as readers
{%- endif %}

from {% if kind == "learning" -%}
(select * from nightshift.analytics_groups where kind = 'learning' and entries > 0) as l
full join (select * from nightshift.analytics_groups where kind = 'opened' and entries > 0) as o using (bucket)
cross join lateral (
    select bucket, coalesce(l.users, 0) as users, coalesce(l.entries, 0) as entries, coalesce(l.done, 0) as done,
           coalesce(l.micros, 0) as micros
) as g
where g.entries + coalesce(o.entries, 0) > 0
{%- else -%}
nightshift.analytics_groups g
where g.kind = '{{ kind }}' and g.entries > 0
{%- endif %}

  and g.bucket between nightshift.bucket(nightshift.utc_today() - 90) and nightshift.bucket(nightshift.utc_today());
create unique index {{ view }}_week on analytics.{{ view }} (week_start);
comment on materialized view analytics.{{ view }} is
    'The {{ kind }} steps of each week (by their unlock_date) that began in the last 90 days: whose, how many, how many are
done, and how long that took{% if kind == "learning" %}; and how often explanations were opened in that week, by how many readers{% endif %}.';
{% endfor %}

create materialized view analytics.summary_stats as
select now() as refreshed_at,
       (select count(*) from public.users) as total_users,
       l.learners as total_learners, l.days as total_learning_days, l.active_7 as active_users_7d,
       l.active_30 as active_users_30d,
       (select count(*) from public.tracks) as total_tracks, g.scheduled as total_scheduled,
       g.completed as total_completions, nightshift.percent(g.completed, g.scheduled) as study_completion_rate,
       {% for kind in ("learning", "review", "quiz") %}
       nightshift.percent(g.{{ kind }}_done, g.{{ kind }}) as {{ kind }}_completion_rate,
       {% endfor %}
       g.events as total_events
from (
    select coalesce(sum(entries) filter (where kind = 'events'), 0)::bigint as events,
           coalesce(sum(entries) filter (where kind = 'track'), 0)::bigint as scheduled,
           coalesce(sum(done) filter (where kind = 'track'), 0)::bigint as completed,
           {% for kind in ("learning", "review", "quiz") %}
           sum(entries) filter (where kind = '{{ kind }}') as {{ kind }},
           sum(done) filter (where kind = '{{ kind }}') as {{ kind }}_done{{ "," if not loop.last }}
           {% endfor %}
    from nightshift.analytics_groups
) as g
cross join (
    select count(*) filter (where learning_days > 0) as learners, coalesce(sum(learning_days), 0)::bigint as days,
           count(*) filter (where last_active >= nightshift.utc_today() - 6) as active_7,
           count(*) filter (where last_active >= nightshift.utc_today() - 29) as active_30
    from nightshift.analytics_learners
) as l;
create unique index summary_stats_refreshed on analytics.summary_stats (refreshed_at);
comment on materialized view analytics.summary_stats is
    'One row: totals, users with an event or a completed entry in the last 7 and 30 days, percentages that were completed,
and the time of the refresh. total_events counts those that were pruned too.';
