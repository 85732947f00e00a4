grant usage on schema public to anon, authenticated, service_role;
grant usage on schema nightshift to service_role;

-- Tables that come later: closed to those who come from outside, until their own migration decides. (Supabase grants
-- everything on them to everybody.)
alter default privileges in schema public revoke all on tables from public, anon, authenticated;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated;
alter default privileges in schema public revoke all on functions from public, anon, authenticated;
alter default privileges in schema public grant all on tables to service_role;
alter default privileges in schema nightshift grant select on tables to service_role;
alter default privileges in schema nightshift grant execute on functions to service_role;

-- The ids of the score's history are given by its owner, whoever inserts.
revoke all on sequence score_history_id_seq from public, anon, authenticated;

-- The views show every row, since they are their owner's: for service_role, who sees every row anyway.
revoke all on all tables in schema nightshift from public, anon, authenticated;
grant select on all tables in schema nightshift to service_role;

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
{% set ours = "why(text, uuid), calculate_email_retry_time(int), calculate_webhook_retry_time(int),
    get_email_queue_batch(int, interval), get_webhook_retry_batch(int, interval), mark_email_sent(uuid, uuid, text),
    mark_email_failed(uuid, uuid, text, boolean), mark_webhook_processed(uuid, uuid),
    mark_webhook_failed(uuid, uuid, text, boolean)" %}
revoke execute on function {{ ours }} from public, anon, authenticated;
grant execute on function {{ ours }} to service_role;
-- The default of an id, evaluated by whoever inserts the row.
grant execute on function nightshift.uuid7() to authenticated;
