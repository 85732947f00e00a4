-- Keep a new event and do what it asks for, in one statement and one commit. Its row is written as it will stay; where the
-- effects fail, or a mail has to go out with them and the caller cannot send it along (p_mails), they are taken back, and
-- the row stays as received.
-- Answers `processed`; `ignored` (no family: nothing is done for it); `duplicate`; `open`: it is kept and still to be processed.
-- No row: another call is recording it right now.
create function nightshift.take_stripe_event(
    p_event_id text, p_type text, p_api_version text, p_object_id text, p_livemode boolean, p_created timestamptz, p_body text,
    p_family text, p_facts jsonb, p_mails boolean
) returns table (verdict text, notice text, order_id uuid)
language plpgsql as $$
begin
    insert into webhook_events
        (event_id, event_type, api_version, object_id, livemode, event_created, raw_body, status, processed_at)
    values (
        p_event_id, p_type, p_api_version, p_object_id, p_livemode, p_created, p_body,
        case when p_family is null then 'ignored' else 'processed' end, now())
    on conflict (provider, event_id) do nothing;
    if not found then
        return query
        select case when e.status in ('received', 'failed') then 'open' else 'duplicate' end, null::text, null::uuid
        from webhook_events e where e.provider = 'stripe' and e.event_id = p_event_id;
        return;
    end if;
    verdict := 'ignored';
    if p_family is not null then
        begin
            select f.notice, f.order_id into notice, order_id from nightshift.apply_stripe_facts(p_family, p_facts) f;
            if notice is not null and not p_mails then
                raise raise_exception using message = 'a mail has to go out with it';
            end if;
            verdict := 'processed';
        exception when others then
            update webhook_events e set status = 'received', processed_at = null
            where e.provider = 'stripe' and e.event_id = p_event_id;
            verdict := 'open';
            notice := null;
        end;
    end if;
    return next;
end
$$;
