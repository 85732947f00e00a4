-- Read by functions alone, which look who asks.
revoke all on all tables in schema analytics from public, anon, authenticated, service_role;
revoke execute on all functions in schema analytics from public, anon, authenticated;
grant usage on schema analytics to authenticated, service_role;
grant execute on all functions in schema analytics to authenticated, service_role;
revoke execute on function analytics.refresh_all_views() from authenticated;

revoke execute on function public.delete_old_analytics(interval, int) from public, anon, authenticated;
grant execute on function public.delete_old_analytics(interval, int) to service_role;

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
revoke all on all tables in schema nightshift from public, anon, authenticated;
