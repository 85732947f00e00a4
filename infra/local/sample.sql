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
