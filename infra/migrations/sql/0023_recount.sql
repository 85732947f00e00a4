{% from "0023_facts.sql" import day, facts %}
-- The roll-ups anew, from what the sources have: after a TRUNCATE, or rows that came past the triggers. One statement sees
-- the sources and the changes that they brought, so writers are not held up. Days of events before the oldest that is
-- left stay as they were counted.
create function nightshift.recount_analytics() returns void language plpgsql set search_path = '' as $$
declare
    v_oldest text;
begin
    perform pg_advisory_xact_lock(hashtextextended('nightshift:analytics', 0));
    select coalesce({{ day("min(created_at)") }}, '') into v_oldest from public.session_analytics_events;
    delete from nightshift.analytics_members where kind not in ('events', 'opened') or bucket >= v_oldest;
    delete from nightshift.analytics_groups where kind not in ('events', 'opened') or bucket >= v_oldest;
    delete from nightshift.analytics_streaks;
    delete from nightshift.analytics_streak_ends;
    delete from nightshift.analytics_learners;
    with gone as (
        delete from nightshift.analytics_changes
    ), fact as (
        {% for source in sources %}
        {{ "union all" if not loop.first }}
        select kind, bucket, user_id, sum(entries) as entries, sum(done) as done, sum(micros) as micros
        from ({{ facts(source, "public." ~ source) }}) as f group by kind, bucket, user_id
        {% endfor %}
    ), member as (
        insert into nightshift.analytics_members (kind, bucket, user_id, entries)
        select kind, bucket, user_id, entries from fact where user_id is not null
        on conflict do nothing
    )
    insert into nightshift.analytics_groups (kind, bucket, users, entries, done, micros)
    select kind, bucket, count(user_id), sum(entries), sum(done), sum(micros) from fact group by kind, bucket
    on conflict do nothing;
    insert into nightshift.analytics_streaks (user_id, first_day, last_day)
    select user_id, lower(r.days), upper(r.days) - 1
    from (
        select user_id, range_agg(daterange(bucket::date, bucket::date, '[]')) as days
        from nightshift.analytics_members where kind = 'study' group by user_id
    ) as studied
    cross join lateral unnest(days) as r (days);
    insert into nightshift.analytics_streak_ends (last_day, days, streaks)
    select last_day, last_day - first_day + 1, count(*) from nightshift.analytics_streaks group by 1, 2;
    insert into nightshift.analytics_learners (user_id, learning_days, first_day, last_day, last_active)
    select user_id, count(*) filter (where kind = 'study'), min(bucket::date) filter (where kind = 'study'),
           max(bucket::date) filter (where kind = 'study'), max(bucket::date)
    from nightshift.analytics_members where kind in ('events', 'study') group by user_id;
end
$$;
