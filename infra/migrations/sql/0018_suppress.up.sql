-- Send no more mail to these addresses; answers those that are new on the list. The first reason stays, since it is the
-- one that explains the silence; but who only unsubscribed still gets what is no subscription, so any other reason
-- replaces that one.
create function nightshift.suppress(p_addresses text[], p_reason text, p_source text, p_message_id text, p_detail jsonb)
returns setof text
language sql as $$
    insert into email_suppressions as s (address, reason, source, provider_message_id, detail)
    select distinct lower(a.address), p_reason, p_source, p_message_id, p_detail
    from unnest(p_addresses) as a(address)
    order by 1
    on conflict (address) do update
    set reason = excluded.reason, source = excluded.source, provider_message_id = excluded.provider_message_id,
        detail = excluded.detail, created_at = excluded.created_at
    where s.reason = 'unsubscribe' and excluded.reason <> 'unsubscribe'
    returning s.address
$$;

comment on column webhook_events.provider is 'stripe, ses or resend.';
comment on column webhook_events.object_id is 'What it is about; of a mail the id that its provider gave it (provider_message_id).';

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
