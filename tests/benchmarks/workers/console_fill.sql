-- name: owner
-- Somebody to write to.
insert into users (telegram_id) values (1) on conflict do nothing;

-- name: replies
-- Of a hundred replies ten are due, forty are due in a year, forty-five went out, five are dead.
insert into pending_responses
    (user_id, telegram_chat_id, response_text, scheduled_at, status, finished_at, delivered_at, last_error, retry_count, created_at)
select (select id from users where telegram_id = 1), n, 'A text of some forty characters, number ' || n,
    case when mod(n, 100) < 40 then now() + interval '365 days' else now() - n * interval '10 milliseconds' end,
    case when mod(n, 100) < 50 then 'pending' when mod(n, 100) < 95 then 'delivered' else 'failed' end,
    case when mod(n, 100) >= 50 then now() - n * interval '10 milliseconds' end,
    case when mod(n, 100) between 50 and 94 then now() - n * interval '10 milliseconds' end,
    case when mod(n, 100) >= 95 then 'Telegram 500: error ' || mod(n, 7) end, case when mod(n, 100) >= 95 then 3 else 0 end,
    now() - n * interval '20 milliseconds'
from generate_series(1, %(rows)s::int) n;

-- name: emails
-- The same of emails.
insert into email_queue
    (to_email, subject, text, status, next_retry_at, finished_at, sent_at, last_error, attempts, created_at)
select 'user' || n || '@example.org', 'Subject ' || n, 'A text of some forty characters, number ' || n,
    case when mod(n, 100) < 50 then 'pending' when mod(n, 100) < 95 then 'sent' else 'dead_letter' end,
    case when mod(n, 100) < 40 then now() + interval '365 days' end,
    case when mod(n, 100) >= 50 then now() - n * interval '10 milliseconds' end,
    case when mod(n, 100) between 50 and 94 then now() - n * interval '10 milliseconds' end,
    case when mod(n, 100) >= 95 then 'SMTP 550: error ' || mod(n, 7) end, case when mod(n, 100) >= 95 then 5 else 0 end,
    now() - n * interval '20 milliseconds'
from generate_series(1, %(rows)s::int) n;

-- name: webhooks
-- The same of webhooks.
insert into webhook_retry_queue
    (webhook_type, webhook_event_id, payload, status, next_retry_at, finished_at, processed_at, last_error, attempts, created_at)
select 'stripe', 'evt_' || n, '{"id": "evt"}',
    case when mod(n, 100) < 50 then 'pending' when mod(n, 100) < 95 then 'processed' else 'dead_letter' end,
    case when mod(n, 100) < 40 then now() + interval '365 days' else now() - n * interval '10 milliseconds' end,
    case when mod(n, 100) >= 50 then now() - n * interval '10 milliseconds' end,
    case when mod(n, 100) between 50 and 94 then now() - n * interval '10 milliseconds' end,
    case when mod(n, 100) >= 95 then 'no order of session ' || mod(n, 7) end, case when mod(n, 100) >= 95 then 5 else 0 end,
    now() - n * interval '20 milliseconds'
from generate_series(1, %(rows)s::int) n;

-- name: runs
-- Runs of the tasks, one in a thousand failed.
insert into job_history (job_name, trigger, started_at, completed_at, status, items_processed, error_message, log_lines)
select (%(jobs)s::text[])[1 + mod(n, cardinality(%(jobs)s::text[]))], 'schedule', at, at + interval '2 seconds',
    case when mod(n, 1000) = 0 then 'failed' else 'success' end, mod(n, 50), case when mod(n, 1000) = 0 then 'It failed.' end,
    (select json_agg(json_build_object('level', 'INFO', 'time', at, 'message', 'line ' || l)) from generate_series(1, 20) l)
from generate_series(1, %(runs)s::int) n, lateral (select now() - n * interval '25 seconds' as at) began;

-- name: events
-- Events of Stripe, all but one in ten thousand processed.
insert into webhook_events (provider, event_id, event_type, event_created, object_id, raw_body, status, processed_at, received_at)
select 'stripe', 'evt_' || n, 'invoice.paid', at, 'in_' || n, '{"id": "evt"}',
    case when mod(n, 10000) = 0 then 'failed' else 'processed' end, case when mod(n, 10000) > 0 then at end, at
from generate_series(1, %(runs)s::int) n, lateral (select now() - n * interval '25 seconds' as at) came;

-- name: suppressions
-- Addresses that get no mail.
insert into email_suppressions (address, reason, source)
select 'gone' || n || '@example.org', 'bounce', 'ses' from generate_series(1, %(runs)s::int) n;

-- name: acts
-- What operators did.
insert into audit_log (actor, action, subject)
select 'admin ' || mod(n, 9), 'trigger', 'apply-decay' from generate_series(1, %(runs)s::int) n;

-- name: samples
-- How the queues stood, once a minute for thirty days.
insert into queue_samples (queue, at, live, due, oldest_due_seconds, dead, done, died)
select q.name, now() - n * interval '1 minute', mod(n, 900), mod(n, 90), mod(n, 30), 12, mod(n, 70), 0
from queues q, generate_series(1, 43200) n
where q.name in ('pending_responses', 'email_queue', 'webhook_retry_queue');

-- name: some
-- One row of each kind that has a page of its own.
select (select id from job_history order by started_at desc limit 1) as run,
    (select id from webhook_events order by id desc limit 1) as event,
    (select id from email_queue where status = 'dead_letter' limit 1) as row;
