-- name: profile
-- A player, and where they stand in the game.
select u.id, u.display_name, u.username, u.relationship_score::float8 as relationship_score, u.chapter, u.game_status,
    u.days_played, u.timezone, u.last_interaction_at, m.intimacy::float8 as intimacy, m.passion::float8 as passion,
    m.trust::float8 as trust, m.secureness::float8 as secureness
from users u left join user_metrics m on m.user_id = u.id
where u.id = %(user)s::uuid;

-- name: scores
-- A player's score at the end of each local day on which it changed, with its extremes on that day.
with changes as (
    select h.id, h.score, (h.recorded_at at time zone u.timezone)::date as day
    from users u join score_history h
        on h.user_id = u.id and h.recorded_at > now() - make_interval(days => %(days)s::int)
    where u.id = %(user)s::uuid)
select day, (array_agg(score order by id desc))[1]::float8 as score, min(score)::float8 as lowest,
    max(score)::float8 as highest, count(*)::int as changes
from changes
group by day
order by day;

-- name: recaps
-- A page of a player's recaps, newest first.
select summary_date as day, score_start::float8 as score_start, score_end::float8 as score_end,
    decay_applied::float8 as decay_applied, conversations_count, recap
from daily_summaries
where user_id = %(user)s::uuid and (%(before)s::date is null or summary_date < %(before)s::date)
order by summary_date desc
limit %(limit)s::int;
