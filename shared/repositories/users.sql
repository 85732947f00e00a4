-- name: get
-- A user with their metrics.
select u.*, m.user_id, m.intimacy, m.passion, m.trust, m.secureness
from users u left join user_metrics m on m.user_id = u.id
where u.id = %(key)s::uuid;

-- name: get_by_telegram_id
-- The user of a Telegram account, with their metrics.
select u.*, m.user_id, m.intimacy, m.passion, m.trust, m.secureness
from users u left join user_metrics m on m.user_id = u.id
where u.telegram_id = %(telegram_id)s::bigint;

-- name: create
-- A user and their metrics. No row: the Telegram account has a user.
with u as (
    insert into users (telegram_id, email, phone, display_name, username, timezone, notifications_enabled)
    values (%(telegram_id)s::bigint, %(email)s::text, %(phone)s::text, %(display_name)s::text, %(username)s::text,
            %(timezone)s::text, %(notifications_enabled)s::boolean)
    on conflict (telegram_id) do nothing
    returning *),
m as (
    insert into user_metrics (user_id) select id from u
    returning user_id, intimacy, passion, trust, secureness)
select u.*, m.* from u join m on m.user_id = u.id;

-- name: update
-- Replace a user's profile.
with u as (
    update users
    set telegram_id = %(telegram_id)s::bigint, email = %(email)s::text, phone = %(phone)s::text,
        display_name = %(display_name)s::text, username = %(username)s::text, timezone = %(timezone)s::text,
        notifications_enabled = %(notifications_enabled)s::boolean, updated_at = now()
    where id = %(key)s::uuid
    returning *)
select u.*, m.user_id, m.intimacy, m.passion, m.trust, m.secureness
from u left join user_metrics m on m.user_id = u.id;

-- name: delete
-- A user and all that is theirs.
delete from users where id = %(key)s::uuid returning id;

-- name: update_score
-- Change a score by so many points, and write it down.
select * from nightshift.change_score(%(key)s::uuid, %(delta)s::numeric, %(event_type)s::text, %(details)s::jsonb);

-- name: apply_decay
-- Take points, as many as there are; the history says how many they were.
with held as (
    select id, least(relationship_score, %(amount)s::numeric) as points
    from users where id = %(key)s::uuid for no key update)
select changed.*
from held, nightshift.change_score(held.id, -held.points, 'decay', jsonb_build_object('points', held.points)) changed;

-- name: advance_chapter
-- The next chapter, and its row in the history. No row: there is no next one, or no such user.
with changed as (
    update users set chapter = chapter + 1, updated_at = now()
    where id = %(key)s::uuid and chapter < (select max(chapter) from chapter_rules)
    returning id, relationship_score, chapter)
insert into score_history (user_id, score, chapter, event_type)
select id, relationship_score, chapter, 'chapter' from changed
returning *;
