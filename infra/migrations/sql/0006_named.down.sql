drop function nightshift.fate;
create or replace function mark_email_sent(email_id uuid, token uuid, message_id text default null) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_email_queue(
        token, array[email_id], '{done}', '{null}', '{null}', array[message_id], '{null}')
$$;

create or replace function mark_email_failed(email_id uuid, token uuid, error text, permanent boolean default false) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_email_queue(
        token, array[email_id], array[case when permanent then 'dead' else 'retry' end], array[error], '{null}', '{null}', '{null}')
$$;

create or replace function mark_webhook_processed(webhook_id uuid, token uuid) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_webhook_retry_queue(
        token, array[webhook_id], '{done}', '{null}', '{null}', '{null}', '{null}')
$$;

create or replace function mark_webhook_failed(webhook_id uuid, token uuid, error text, permanent boolean default false) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_webhook_retry_queue(
        token, array[webhook_id], array[case when permanent then 'dead' else 'retry' end], array[error], '{null}', '{null}', '{null}')
$$;
