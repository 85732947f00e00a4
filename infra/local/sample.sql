-- A little life for an empty local database: players, replies that are due at once and soon, emails of each kind, a shop
-- with something to spend in it, partners and a gift that nobody has looked at.
with player(telegram_id, email, display_name, username, relationship_score, chapter, timezone) as (
    values
        (700000001::bigint, 'mira@example.com', 'Mira', 'mira', 62.5, 2, 'Europe/Berlin'),
        (700000002, 'jonas@example.com', 'Jonas', 'jonas', 48.0, 1, 'UTC'),
        (700000003, 'aiko@example.com', 'Aiko', 'aiko', 81.25, 4, 'Asia/Tokyo'),
        (700000004, 'sam@example.com', 'Sam', 'sam', 9.0, 1, 'America/New_York')
)
insert into users (telegram_id, email, display_name, username, relationship_score, chapter, timezone, last_interaction_at)
select telegram_id, email, display_name, username, relationship_score, chapter, timezone, now() - interval '3 hours'
from player;

insert into pending_responses (user_id, telegram_chat_id, response_text, scheduled_at)
select u.id, u.telegram_id, reply.text, now() + reply.delay
from users u
cross join (
    values
        ('Good morning! Did you sleep well?', interval '0'),
        ('I was thinking about what you said yesterday.', interval '20 seconds'),
        ('Talk tonight?', interval '2 minutes')
) as reply (text, delay);

insert into email_queue (to_email, subject, html, text, email_type)
select u.email, mail.subject, '<p>' || mail.text || '</p>', mail.text, mail.kind
from users u
cross join (
    values
        ('Your gift has arrived', 'Somebody thought of you. Open the app to see what it is.', 'gift_received'),
        ('Your recap is ready', 'Yesterday was a good day. Read what happened.', 'recap_ready')
) as mail (subject, text, kind);

insert into items (name, description, category, rarity, essence_cost, tier)
values
    ('Desk lamp', 'Warm light for late evenings.', 'furniture', 'common', 20, 'basic'),
    ('Monstera', 'It grows whether you look or not.', 'plants', 'common', 35, 'basic'),
    ('Bookshelf', 'Half full, for now.', 'furniture', 'rare', 60, 'standard'),
    ('Aquarium', 'Two fish and a castle.', 'animals', 'rare', 120, 'standard'),
    ('Fireplace', 'The room is never the same again.', 'furniture', 'legendary', 400, 'premium');

insert into furniture_essence (user_id, balance, total_earned)
select id, essence, essence
from users join (values ('mira', 250), ('jonas', 80), ('aiko', 600)) as has (username, essence) using (username);

insert into essence_transactions (user_id, amount, transaction_type, description)
select user_id, balance, 'earned', 'For a month of good company' from furniture_essence;

insert into partnerships (requester_id, addressee_id, status, responded_at)
select a.id, b.id, asked.status, case asked.status when 'accepted' then now() end
from (values ('mira', 'jonas', 'accepted'), ('aiko', 'mira', 'accepted'), ('sam', 'mira', 'pending')) as asked (one, other, status)
join users a on a.username = asked.one
join users b on b.username = asked.other;

select nightshift.purchase_item(a.id, i.id, true, b.id, 'For your window.', null)
from users a, users b, items i where a.username = 'mira' and b.username = 'jonas' and i.name = 'Monstera';

-- What two partners wrote to each other, and where each of them is told of a recap.
with conversation as (
    insert into direct_conversations (low_id, high_id)
    select least(a.id, b.id), greatest(a.id, b.id) from users a, users b where a.username = 'mira' and b.username = 'jonas'
    returning id, low_id, high_id
)
insert into conversation_members (conversation_id, user_id) select id, unnest(array[low_id, high_id]) from conversation;

select sent.number
from (
    select c.id, u.id as sender, said.text
    from (values
        (1, 'mira', 'Did the plant arrive?'),
        (2, 'jonas', 'It did, and it has the best place at the window.'),
        (3, 'mira', 'Water it on Sundays. It tells you when you forget.'),
        (4, 'jonas', 'It has told me already.')) as said (nth, username, text)
    join users u using (username)
    cross join direct_conversations c
    order by said.nth) as line
cross join lateral nightshift.send_direct_message(line.id, line.sender, gen_random_uuid(), line.text) as sent;

insert into user_devices (user_id, platform, address_kind, push_token, app_version)
select u.id, has.platform, has.kind, has.token, '1.0.0'
from (values
    ('mira', 'ios', 'expo', 'ExponentPushToken[a-phone-of-miras-sample]'),
    ('jonas', 'android', 'registration_token', 'a-phone-of-jonas:sample')) as has (username, platform, kind, token)
join users u using (username);

-- Three weeks of learning: tracks, what was studied of them, steps of a path, and what happened in the sessions.
insert into tracks (title, schedule_type)
values ('Irregular verbs', 'daily'), ('Listening', 'daily'), ('Small talk', 'weekdays');

insert into user_study_log (user_id, track_id, study_date, is_completed, completed_at)
select u.id, t.id, day::date, done, case when done then day + interval '19 hours' end
from users u
cross join tracks t
cross join generate_series(current_date - 21, current_date, interval '1 day') as day
cross join lateral (select hashtext(u.username || t.title || day::date) % 3 <> 0 as done) as luck
where hashtext(u.username || day::date) % 4 <> 0;

insert into learning_path (user_id, node_index, node_type, unlock_date, completed_at)
select u.id, step, (array['learning', 'review', 'quiz'])[1 + step % 3], current_date - 3 * step,
       case when hashtext(u.username || step) % 3 <> 0
            then (current_date - 3 * step)::timestamp at time zone 'utc' + make_interval(hours => 5 + step) end
from users u
cross join generate_series(0, 20) as step;

insert into session_analytics_events (user_id, session_id, event_type, created_at)
select u.id, u.username || '-' || day::date, kind, day + make_interval(hours => 18, mins => minute)
from users u
cross join generate_series(current_date - 21, current_date - 1, interval '1 day') as day
cross join (values ('session_started', 0), ('page_viewed', 1), ('explanation_opened', 4), ('session_ended', 12)) as what (kind, minute)
where hashtext(u.username || day::date) % 4 <> 0;

insert into user_roles (user_id, role) select id, 'admin' from users where username = 'mira';

select analytics.refresh_all_views();
