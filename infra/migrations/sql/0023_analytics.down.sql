drop schema analytics cascade;
drop function public.delete_old_analytics(interval, int);
do $$
begin
    if obj_description('public.session_analytics_events'::regclass) like 'Made by Nightshift.%' then
        drop table public.session_analytics_events;
    else
        drop policy own_data_via_user_id on public.session_analytics_events;
    end if;
end
$$;
drop table learning_path, user_study_log, tracks;
{% for source in sources %}
drop function nightshift.note_{{ source }}() cascade;
{% endfor %}
drop function nightshift.pass_over_known_event() cascade;
drop table nightshift.analytics_event_keys, nightshift.analytics_changes, nightshift.analytics_members,
    nightshift.analytics_groups, nightshift.analytics_streaks, nightshift.analytics_streak_ends,
    nightshift.analytics_learners, nightshift.analytics_refreshes cascade;
drop function nightshift.delete_events, nightshift.make_event_months, nightshift.drop_event_month, nightshift.fold_analytics,
    nightshift.fold_all_analytics, nightshift.change_streaks, nightshift.change_learners, nightshift.recount_analytics,
    nightshift.require_admin, nightshift.analytics_views, nightshift.utc_today, nightshift.bucket, nightshift.percent;
drop type nightshift.analytics_flip;
