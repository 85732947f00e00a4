-- The same for several events, in one statement and one commit: a list of objects with the columns as keys; the verdicts in
-- their order. Hardly any fails, so they share one subtransaction at first; where one does, each gets its own. One whose
-- effects wait for a lock is left `open` then, so that it does not hold up the others.
create function nightshift.take_stripe_events(p_events json) returns text[]
language plpgsql set lock_timeout = '200ms' as $$
begin
    return array(
        select nightshift.keep_stripe_event(
            e.event_id, e.event_type, e.api_version, e.object_id, e.livemode, e.event_created, e.raw_body, e.family, e.facts, e.mail)
        from json_to_recordset(p_events) as e(
            event_id text, event_type text, api_version text, object_id text, livemode boolean, event_created timestamptz,
            raw_body text, family text, facts jsonb, mail jsonb));
exception when others then
    return array(
        select nightshift.take_stripe_event(
            e.event_id, e.event_type, e.api_version, e.object_id, e.livemode, e.event_created, e.raw_body, e.family, e.facts, e.mail)
        from json_to_recordset(p_events) as e(
            event_id text, event_type text, api_version text, object_id text, livemode boolean, event_created timestamptz,
            raw_body text, family text, facts jsonb, mail jsonb));
end
$$;
