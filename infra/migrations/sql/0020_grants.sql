revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
