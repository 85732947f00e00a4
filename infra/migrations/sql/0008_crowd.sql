-- The same for several events, in one statement and one commit: a list of objects with the columns as keys. An event whose
-- effects wait for a lock is left `open`, so that it does not hold up the others.
create function nightshift.take_stripe_events(p_events json) returns table (event_id text, verdict text)
language plpgsql set lock_timeout = '200ms' as $$
begin
    return query
    select e.event_id, t.verdict
    from json_to_recordset(p_events) as e(
        event_id text, event_type text, api_version text, object_id text, livemode boolean, event_created timestamptz,
        raw_body text, family text, facts text)
    cross join lateral nightshift.take_stripe_event(
        e.event_id, e.event_type, e.api_version, e.object_id, e.livemode, e.event_created, e.raw_body, e.family,
        e.facts::jsonb, false) t;
end
$$;
