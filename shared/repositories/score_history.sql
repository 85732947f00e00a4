-- name: log_event
-- A user's score and chapter from now on: the history's new row, and the same in the user's own.
with changed as (
    update users
    set relationship_score = %(score)s::numeric, chapter = %(chapter)s::smallint, updated_at = now()
    where id = %(user_id)s::uuid
    returning id, relationship_score, chapter)
insert into score_history (user_id, score, chapter, event_type, event_details)
select id, relationship_score, chapter, %(event_type)s::text, %(details)s::jsonb from changed
returning *;

-- name: get_history
-- The newest events of a user, newest first.
select * from score_history where user_id = %(user_id)s::uuid order by id desc limit %(limit)s::int;

-- name: get_daily_stats
-- A day of a user's own time zone: the score before it, after it, and in between.
with day as (
    select id as user_id,
        %(day)s::date::timestamp at time zone timezone as begins,
        (%(day)s::date + 1)::timestamp at time zone timezone as ends
    from users where id = %(user_id)s::uuid),
before as (
    select (select h.score from score_history h where h.user_id = day.user_id and h.recorded_at < day.begins
            order by h.recorded_at desc, h.id desc limit 1) as score
    from day),
events as (
    select h.id, h.score, h.score - lag(h.score, 1, before.score) over (order by h.id) as change
    from before, day join score_history h
        on h.user_id = day.user_id and h.recorded_at >= day.begins and h.recorded_at < day.ends)
select told.events, before.score as score_start,
    coalesce((select score from events order by id desc limit 1), before.score) as score_end,
    told.lowest, told.highest, told.gained, told.lost
from before, (
    select count(*)::int as events, min(score) as lowest, max(score) as highest,
        coalesce(sum(change) filter (where change > 0), 0) as gained,
        coalesce(-sum(change) filter (where change < 0), 0) as lost
    from events) told;
