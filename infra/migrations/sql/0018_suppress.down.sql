comment on column webhook_events.object_id is null;
comment on column webhook_events.provider is null;
drop function nightshift.suppress;
