alter default privileges in schema nightshift revoke select on tables from service_role;
alter default privileges in schema nightshift revoke execute on functions from service_role;
revoke all on all tables in schema nightshift from service_role;
revoke execute on all functions in schema nightshift from authenticated, service_role;
revoke usage on schema nightshift from service_role;
grant execute on function calculate_email_retry_time, calculate_webhook_retry_time to public;
