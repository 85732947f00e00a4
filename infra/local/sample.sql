-- A little life for an empty local database: players, replies that are due at once and soon, emails of each kind.
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
