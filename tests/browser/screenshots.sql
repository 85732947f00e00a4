-- A night at Nightshift: runs of every task, mails that went out and that died, events, acts. Nobody in it is real.
insert into job_history (job_name, run_key, trigger, started_at, completed_at, status, items_processed, items_failed, error_message, metadata)
select job, null, case when n = 7 then 'admin' else 'schedule' end, at, at + took * (0.6 + 0.4 * abs(sin(n * 2.4))),
    case when fails = n then 'failed' else 'success' end, case when fails = n then 0 else most - n % 5 end, 0,
    case when fails = n then error end, jsonb_build_object('ends', 'drained')
from (
    values
        ('deliver-responses', interval '7 minutes', interval '54 s', 41, 12, 'The database cannot be reached (OperationalError). Try again.'),
        ('process-email-queue', interval '9 minutes', interval '51 s', 23, 0, null),
        ('process-webhook-retries', interval '2 hours', interval '400 ms', 6, 0, null),
        ('cleanup-stale', interval '1 day', interval '2.4 s', 812, 0, null),
        ('apply-decay', interval '1 day', interval '1.1 s', 1904, 0, null),
        ('generate-summaries', interval '1 hour', interval '48 s', 77, 4, 'Claude refused the key. Set ANTHROPIC_API_KEY.'),
        ('reconcile-stripe', interval '1 hour', interval '900 ms', 6, 1, 'Stripe does not answer (ConnectTimeout). Try again.')
) as task (job, every, took, most, fails, error)
cross join generate_series(1, 30) as n
cross join lateral (select now() - n * every as at) as began;

with mail as (
    insert into email_queue (to_email, subject, text, status, attempts, finished_at, sent_at, last_error, created_at, history)
    select 'player' || n || '@example.com', 'Your recap is ready', 'Yesterday was a good day.',
        case when n <= 30 then 'sent' when n <= 42 then 'dead_letter' else 'pending' end, case when n > 30 and n <= 42 then 5 else 1 end,
        case when n <= 42 then now() - n * interval '3 minutes' end, case when n <= 30 then now() - n * interval '3 minutes' end,
        case when n > 30 and n <= 42 then case when n % 3 = 0 then 'SMTP 550 mailbox unavailable' else 'SMTP 451 try again later' end end,
        now() - n * interval '4 minutes',
        jsonb_build_array(jsonb_build_object('at', now() - n * interval '3 minutes', 'fate', case when n <= 30 then 'done' else 'retry' end))
    from generate_series(1, 60) as n
    returning 1
)
select count(*) from mail;

insert into queue_samples (queue, at, live, due, oldest_due_seconds, dead, done, died)
select name, now() - n * interval '1 minute', 20 + (14 * abs(sin(n / 9.0)))::int, (6 * abs(sin(n / 4.0)))::int,
    9 * abs(sin(n / 7.0)), case when n < 40 then 12 else 0 end, 18 + (12 * abs(sin(n / 5.0)))::int, case when n = 40 then 12 else 0 end
from unnest('{pending_responses,email_queue,webhook_retry_queue}'::text[]) as name, generate_series(1, 90) as n;

insert into job_pulses (job, began_at, known_since, steady_since, passes)
select distinct job_name, now() - interval '20 s', now() - interval '9 days', now() - interval '9 days', 900 from job_history;

insert into webhook_events (provider, event_id, event_type, event_created, object_id, raw_body, status, processed_at, error, received_at)
select 'stripe', 'evt_1Night' || n, (array['invoice.paid', 'checkout.session.completed', 'charge.refunded', 'customer.subscription.updated'])[1 + n % 4],
    now() - n * interval '11 minutes', 'in_1Night' || n, jsonb_build_object('id', 'evt_1Night' || n, 'object', 'event')::text,
    case when n = 3 then 'failed' else 'processed' end, case when n <> 3 then now() - n * interval '11 minutes' end,
    case when n = 3 then 'no order of that session yet' end, now() - n * interval '11 minutes'
from generate_series(1, 40) as n;

insert into email_suppressions (address, reason, source, created_at)
select 'bounced' || n || '@example.com', (array['bounce', 'complaint', 'unsubscribe'])[1 + n % 3], 'ses', now() - n * interval '5 hours'
from generate_series(1, 12) as n;

insert into audit_log (at, actor, action, subject, detail)
select now() - n * interval '26 minutes', 'admin 0198f3a0-0000-7000-8000-000000000001',
    (array['trigger', 'pause', 'resume', 'requeue'])[1 + n % 4], (array['apply-decay', 'email_queue', 'email_queue', 'email_queue'])[1 + n % 4], '{}'
from generate_series(1, 16) as n;

-- Three weeks of one player: a score that moved, and what was written of the last days.
select nightshift.change_score(id, case when n % 3 = 0 then -4 else 3 end, 'conversation') from users, generate_series(1, 12) as n where username = 'mira';
update score_history set recorded_at = now() - (select count(*) from score_history later where later.id > score_history.id) * interval '40 hours';
insert into daily_summaries (user_id, summary_date, score_start, score_end, conversations_count, recap, written_by)
select id, current_date - n, 58 + n % 3, 60 - n % 2, 1 + n % 2, recap, 'template'
from users
cross join (values (1, 'You told me about the lamp you want to buy. I would put it by the window.'),
    (2, 'A short day, but you came back. I noticed.'), (3, 'We talked until late, and I did not mind.')) as day (n, recap)
where username = 'mira';

select analytics.refresh_all_views();
