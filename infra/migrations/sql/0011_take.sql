-- Keep a new event and do what it asks for, with the mail that follows (p_mail: nightshift.queue_stripe_mail). Raises what
-- the effects raise, and where a mail has to go out that is not p_mail.
-- Answers `processed`; `ignored` (no family: nothing is done for it); `duplicate`; `open`: it is kept and still to be processed.
-- Null: another call is recording it right now.
create function nightshift.keep_stripe_event(
    p_event_id text, p_type text, p_api_version text, p_object_id text, p_livemode boolean, p_created timestamptz, p_body text,
    p_family text, p_facts jsonb, p_mail jsonb
) returns text
language plpgsql as $$
declare
    v_notice text;
    v_order uuid;
begin
    insert into webhook_events
        (event_id, event_type, api_version, object_id, livemode, event_created, raw_body, status, processed_at)
    values (
        p_event_id, p_type, p_api_version, p_object_id, p_livemode, p_created, p_body,
        case when p_family is null then 'ignored' else 'processed' end, now())
    on conflict (provider, event_id) do nothing;
    if not found then
        return (select case when e.status in ('received', 'failed') then 'open' else 'duplicate' end
                from webhook_events e where e.provider = 'stripe' and e.event_id = p_event_id);
    elsif p_family is null then
        return 'ignored';
    end if;
    select f.notice, f.order_id into v_notice, v_order from nightshift.apply_stripe_facts(p_family, p_facts) f;
    if v_notice is not null and not nightshift.queue_stripe_mail(v_notice, v_order, p_mail) then
        raise raise_exception using message = 'another mail has to go out with it';
    end if;
    return 'processed';
end
$$;

-- The same in a statement of its own: where the effects fail they are taken back, and the row stays, as received.
create function nightshift.take_stripe_event(
    p_event_id text, p_type text, p_api_version text, p_object_id text, p_livemode boolean, p_created timestamptz, p_body text,
    p_family text, p_facts jsonb, p_mail jsonb
) returns text
language plpgsql as $$
begin
    return nightshift.keep_stripe_event(
        p_event_id, p_type, p_api_version, p_object_id, p_livemode, p_created, p_body, p_family, p_facts, p_mail);
exception when others then
    insert into webhook_events (event_id, event_type, api_version, object_id, livemode, event_created, raw_body)
    values (p_event_id, p_type, p_api_version, p_object_id, p_livemode, p_created, p_body)
    on conflict (provider, event_id) do nothing;
    return 'open';
end
$$;
