-- The names that operators and other programs use.
{% include "0002_why_any.sql" %}

comment on function why is 'Why has this row not gone out? One line for a person.';

create function calculate_email_retry_time(attempt_count int) returns timestamptz
language sql volatile as $$
    select now() + nightshift.retry_delay('email_queue', attempt_count)
$$;

create function calculate_webhook_retry_time(attempt_count int) returns timestamptz
language sql volatile as $$
    select now() + nightshift.retry_delay('webhook_retry_queue', attempt_count)
$$;

-- For programs that work a queue with plain SQL. The lease's token comes with each row (locked_by); giving it back with
-- mark_* makes sure that a worker that lost its lease changes nothing.
create function get_email_queue_batch(batch_size int default 50, lease interval default '5 minutes') returns setof email_queue
language sql as $$
    select * from nightshift.claim_email_queue(batch_size, gen_random_uuid(), lease)
$$;

create function get_webhook_retry_batch(batch_size int default 50, lease interval default '5 minutes') returns setof webhook_retry_queue
language sql as $$
    select * from nightshift.claim_webhook_retry_queue(batch_size, gen_random_uuid(), lease)
$$;

create function mark_email_sent(email_id uuid, token uuid, message_id text default null) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_email_queue(
        token, array[email_id], '{done}', '{null}', '{null}', array[message_id], '{null}')
$$;

create function mark_email_failed(email_id uuid, token uuid, error text, permanent boolean default false) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_email_queue(
        token, array[email_id], array[case when permanent then 'dead' else 'retry' end], array[error], '{null}', '{null}', '{null}')
$$;

create function mark_webhook_processed(webhook_id uuid, token uuid) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_webhook_retry_queue(
        token, array[webhook_id], '{done}', '{null}', '{null}', '{null}', '{null}')
$$;

create function mark_webhook_failed(webhook_id uuid, token uuid, error text, permanent boolean default false) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_webhook_retry_queue(
        token, array[webhook_id], array[case when permanent then 'dead' else 'retry' end], array[error], '{null}', '{null}', '{null}')
$$;

-- Other programs may not call what moves rows; the database's own roles decide who may.
revoke execute on all functions in schema nightshift from public;
revoke execute on function get_email_queue_batch, get_webhook_retry_batch, mark_email_sent, mark_email_failed,
    mark_webhook_processed, mark_webhook_failed, why from public;
