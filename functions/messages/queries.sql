-- name: open
-- The conversation of a pair, made if there is none.
with conversation as (
    insert into direct_conversations (low_id, high_id)
    values (least(%(user_id)s::uuid, %(partner_id)s::uuid), greatest(%(user_id)s::uuid, %(partner_id)s::uuid))
    on conflict (low_id, high_id) do update set low_id = excluded.low_id
    returning id, xmax = 0 as new
), members as (
    insert into conversation_members (conversation_id, user_id)
    select c.id, member from conversation c, unnest(array[%(user_id)s::uuid, %(partner_id)s::uuid]) as member
    on conflict do nothing
)
select id, new from conversation;

-- name: latest
-- A member's conversations, the one with the newest message first; p is the last one of the page before.
with mine as (
    select c.id, c.last_at, m.seen
    from conversation_members m join direct_conversations c on c.id = m.conversation_id
    where m.user_id = %(user_id)s::uuid
), page as (
    select id, last_at, seen from mine
    where %(cursor)s::uuid is null or (last_at, id) < (select p.last_at, p.id from mine p where p.id = %(cursor)s::uuid)
    order by last_at desc, id desc limit %(limit)s::int
)
select p.id, p.last_at, o.user_id as partner_id, u.display_name, u.username,
    greatest(coalesce(o.sent, 0) - p.seen, 0) as unread,
    d.number, d.sender_id, d.client_id, d.content, d.created_at
from page p
left join conversation_members o on o.conversation_id = p.id and o.user_id <> %(user_id)s::uuid
left join users u on u.id = o.user_id
left join lateral (
    select * from direct_messages d where d.conversation_id = p.id order by d.number desc limit 1) d on true
order by p.last_at desc, p.id desc;

-- name: one
-- A member's conversation: who the other one is. No row: there is none, or it is others'.
select m.conversation_id as id, o.user_id as partner_id
from conversation_members m
left join conversation_members o on o.conversation_id = m.conversation_id and o.user_id <> m.user_id
where m.conversation_id = %(key)s::uuid and m.user_id = %(user_id)s::uuid;

-- name: page
-- Messages before one of that number, the newest first.
select number, sender_id, client_id, content, created_at from direct_messages
where conversation_id = %(key)s::uuid and number < %(before)s::int
order by number desc limit %(limit)s::int;

-- name: send
-- Send a message, or find the one that was sent under this client id.
select number, sender_id, client_id, content, created_at, created as new
from nightshift.send_direct_message(%(key)s::uuid, %(user_id)s::uuid, %(client_id)s::uuid, %(content)s::text);

-- name: read
-- A member has read what the other one had sent up to a message; never less than before. No row: not a member.
update conversation_members
set seen = greatest(seen, coalesce((
    select case when d.sender_id = %(user_id)s::uuid then d.number - d.nth else d.nth end from direct_messages d
    where d.conversation_id = %(key)s::uuid and d.number <= %(up_to)s::int
    order by d.number desc limit 1), 0))
where conversation_id = %(key)s::uuid and user_id = %(user_id)s::uuid
returning seen;

-- name: unread
-- What a member has not read, in all conversations together.
select coalesce(sum(greatest(o.sent - m.seen, 0)), 0)::int as unread
from conversation_members m
join conversation_members o on o.conversation_id = m.conversation_id and o.user_id <> m.user_id
where m.user_id = %(user_id)s::uuid;
