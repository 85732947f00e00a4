-- name: take
-- A batch of one user's events. What the client has sent before is passed over by the table itself.
with taken as (
    insert into session_analytics_events (user_id, client_event_id, session_id, event_type, metadata, created_at)
    select %(user)s::uuid, e.id, e.session_id, e.event_type, e.metadata, e.created_at
    from jsonb_to_recordset(%(events)s::jsonb)
        as e (id text, session_id text, event_type text, metadata jsonb, created_at timestamptz)
    returning 1
)
select count(*)::int as accepted from taken;
