-- The views have figures from the start, and events the months that they go into.
select nightshift.make_event_months((now() - interval '1 month')::date, (now() + interval '2 months')::date);
select nightshift.recount_analytics();
select analytics.refresh_all_views();
