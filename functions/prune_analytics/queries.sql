-- name: make_months
-- This month and the next two, where they are missing.
select nightshift.make_event_months(nightshift.utc_today(), (now() + interval '2 months')::date) as made;

-- name: drop_month
-- The oldest month of which every event is past its keeping.
select month, events from nightshift.drop_event_month(%(keep)s::interval);

-- name: delete_events
-- The oldest events that are past their keeping, from where the last batch ended.
select deleted as rows, until from nightshift.delete_events(
    %(keep)s::interval, %(page)s::int, coalesce(%(start)s::timestamptz, '-infinity'));

-- name: delete_members
-- Whose events there were on days whose events are gone: how many there were stays.
with gone as (
    delete from nightshift.analytics_members where ctid = any (array(
        select ctid from nightshift.analytics_members
        where kind in ('events', 'opened') and bucket < nightshift.bucket((now() - %(keep)s::interval)::date)
        limit %(page)s::int for update skip locked))
    returning 1)
select count(*)::int as rows from gone;

-- name: delete_event_keys
-- Names of events that no client repeats any more.
with gone as (
    delete from nightshift.analytics_event_keys where ctid = any (array(
        select ctid from nightshift.analytics_event_keys where received_at < now() - %(keep)s::interval
        order by received_at limit %(page)s::int for update skip locked))
    returning 1)
select count(*)::int as rows from gone;

-- name: delete_refreshes
-- Notes of refreshes.
with gone as (
    delete from nightshift.analytics_refreshes where id = any (array(
        select id from nightshift.analytics_refreshes where started_at < now() - %(keep)s::interval
        order by id limit %(page)s::int for update skip locked))
    returning 1)
select count(*)::int as rows from gone;
