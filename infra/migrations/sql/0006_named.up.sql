-- One fate, as settle takes them.
create function nightshift.fate(p_id uuid, p_fate text, p_why text default null, p_receipt text default null) returns jsonb
language sql immutable as $$
    select jsonb_strip_nulls(jsonb_build_array(jsonb_build_object(
        'id', p_id, 'attempt', jsonb_build_object('fate', p_fate, 'why', p_why), 'receipt', p_receipt)))
$$;

-- The names that other programs use, over the new settle.
create or replace function mark_email_sent(email_id uuid, token uuid, message_id text default null) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_email_queue(token, nightshift.fate(email_id, 'done', null, message_id))
$$;

create or replace function mark_email_failed(email_id uuid, token uuid, error text, permanent boolean default false) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_email_queue(
        token, nightshift.fate(email_id, case when permanent then 'dead' else 'retry' end, error))
$$;

create or replace function mark_webhook_processed(webhook_id uuid, token uuid) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_webhook_retry_queue(token, nightshift.fate(webhook_id, 'done'))
$$;

create or replace function mark_webhook_failed(webhook_id uuid, token uuid, error text, permanent boolean default false) returns boolean
language sql as $$
    select settled = 1 from nightshift.settle_webhook_retry_queue(
        token, nightshift.fate(webhook_id, case when permanent then 'dead' else 'retry' end, error))
$$;

revoke execute on all functions in schema nightshift from public;
