-- name: enqueue
-- Put an email into the queue, due at once or at a given time. No row: its key is taken.
insert into email_queue (to_email, subject, html, text, from_email, reply_to, headers, email_type, metadata,
                         next_retry_at, idempotency_key)
values (%(to)s::text, %(subject)s::text, %(html)s::text, %(text)s::text, %(from_email)s::text, %(reply_to)s::text,
        %(headers)s::jsonb, %(email_type)s::text, %(metadata)s::jsonb, %(send_at)s::timestamptz, %(key)s::text)
on conflict (idempotency_key) where idempotency_key is not null do nothing
returning id;

-- name: by_key
-- The email that has a key, and whether it is the one that is asked for (its due time aside, which retries move).
select id, (to_email, subject, html, text, from_email, reply_to, headers, email_type, metadata)
           is not distinct from
           (%(to)s::text, %(subject)s::text, %(html)s::text, %(text)s::text, %(from_email)s::text, %(reply_to)s::text,
            %(headers)s::jsonb, %(email_type)s::text, %(metadata)s::jsonb) as same
from email_queue where idempotency_key = %(key)s::text;

-- name: status
-- Where an email stands.
select status from email_queue where id = %(id)s::uuid;

-- name: suppressed
-- Of these addresses the ones that get no mail, and why.
select address, reason from email_suppressions
where address in (select lower(given) from unnest(%(addresses)s::text[]) as given);

-- name: suppress
-- Send no more mail to an address. No row: it is on the list already.
select nightshift.suppress(
    array[%(address)s::text], %(reason)s::text, %(source)s::text, %(provider_message_id)s::text, %(detail)s::jsonb) as address;
