-- What was done by hand to the list of addresses that get no mail: by an id, since an address has no place in a URL.
alter table email_suppressions add column id uuid not null default nightshift.uuid7() unique;

-- Put an address on the list; the act is recorded with what the address looks like to those who may not read it.
-- Answers the entry's id, and whether it is new.
create function nightshift.suppress_by_hand(p_address text, p_masked text, p_actor text, out id uuid, out added boolean)
language plpgsql as $$
begin
    added := exists (select from nightshift.suppress(array[p_address], 'manual', 'operator', null, '{}'));
    select s.id into id from email_suppressions s where s.address = lower(p_address);
    if added then
        insert into audit_log (actor, action, subject, detail)
        values (p_actor, 'suppress', 'email_suppressions/' || suppress_by_hand.id, jsonb_build_object('address', p_masked));
    end if;
end
$$;

-- What differs in nothing but addresses and numbers is one error, and this is its name in addresses and filters.
create function nightshift.fingerprint(p_error text) returns text
language sql immutable as $$
    select left(encode(sha256(convert_to(nightshift.plain_error(p_error), 'UTF8')), 'hex'), 12)
$$;

-- Mails to one address, for whoever asks what became of them.
create index email_queue_recipient on email_queue (lower(to_email), id);

{% for queue in queues %}
-- Rows by what ails them: those that are tried again, and those that ended without going out. No claim and no success
-- writes to either.
create index {{ queue.table }}_failing on {{ queue.table }} (nightshift.fingerprint(last_error), id)
    where finished_at is null and last_error is not null;
create index {{ queue.table }}_undone on {{ queue.table }} (nightshift.fingerprint(last_error), finished_at)
    where finished_at is not null and {{ queue.done_at }} is null;

{% include "0029_discard.sql" %}

{% include "0029_restore.sql" %}

{% endfor %}
-- Every row with what ails it. Conditions stand in the queries, so that those find the indexes and their order.
create view nightshift.queue_errors as
{% for queue in queues %}
{% if not loop.first %}
union all
{% endif %}
select '{{ queue.table }}'::text as queue, r.id, r.status, {{ queue.due }} as due_at, r.held, r.finished_at, r.{{ queue.done_at }} as done_at,
    r.last_error is not null as troubled, nightshift.fingerprint(r.last_error) as fingerprint, r.possible_duplicate,
    {{ queue.recipient }} as recipient, r.run_id, r.history
from {{ queue.table }} r
{% endfor %};

create function nightshift.restore(p_queue text, p_ids uuid[], p_actor text) returns setof uuid
language plpgsql as $$
begin
    case p_queue
{% for queue in queues %}
        when '{{ queue.table }}' then return query select nightshift.restore_{{ queue.table }}(p_ids, p_actor);
{% endfor %}
    end case;
end
$$;

-- Process one of Stripe's events again, through the retry queue; the act is recorded. Answers its row there; null: there is
-- no such event, or one of a type for which nothing is done.
create function nightshift.redeliver(p_id uuid, p_actor text) returns uuid
language plpgsql as $$
declare
    e webhook_events;
    v_retry uuid;
begin
    select * into e from webhook_events w where w.id = p_id and w.provider = 'stripe' and w.status <> 'ignored' for update;
    if e.id is null then
        return null;
    end if;
    update webhook_events w set status = 'failed', processed_at = null, error = 'to be processed again' where w.id = p_id;
    insert into webhook_retry_queue as r (webhook_type, webhook_event_id, payload, metadata)
    values (e.provider, e.event_id, nightshift.safe_json(e.raw_body), jsonb_build_object('event_type', e.event_type))
    on conflict (webhook_type, webhook_event_id) do update
    set status = 'pending', attempts = 0, next_retry_at = now(), finished_at = null, processed_at = null, requeued_at = now(),
        waits_for = null, updated_at = now(),
        history = r.history || nightshift.attempt(now(), 'requeued', 'by ' || p_actor, null, null)
    where r.status <> 'processing';
    select r.id into v_retry from webhook_retry_queue r
    where r.webhook_event_id collate "C" = e.event_id and r.webhook_type collate "C" = e.provider;
    insert into audit_log (actor, action, subject, detail)
    values (p_actor, 'redeliver', 'webhook_events/' || p_id, jsonb_build_object('retry', v_retry));
    return v_retry;
end
$$;

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
