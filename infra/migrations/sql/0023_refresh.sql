-- In the order of their refresh.
create function nightshift.analytics_views() returns text[] language sql immutable
as $$ select array['{{ views | join("', '") }}'] $$;

-- One view anew, and how that went, in the ledger. An error is the ledger's, and an end to nothing else.
create function nightshift.refresh_view(p_view text) returns setof nightshift.analytics_refreshes
language plpgsql security definer set search_path = '' as $$
declare
    v_started constant timestamptz := clock_timestamp();
    v_error text;
    v_rows bigint;
begin
    if p_view <> all (nightshift.analytics_views()) then
        raise exception 'There is no view %.', p_view using errcode = 'undefined_table';
    end if;
    begin
        execute format('refresh materialized view %s analytics.%I', (
            select case when relispopulated then 'concurrently' else '' end
            from pg_catalog.pg_class where oid = format('analytics.%I', p_view)::regclass), p_view);
        execute format('select count(*) from analytics.%I', p_view) into v_rows;
    exception when others then
        v_error := sqlstate;  -- a message may quote what is in a row
    end;
    return query select * from nightshift.note_refresh(p_view, v_started, v_rows, v_error);
end
$$;

create function nightshift.note_refresh(p_view text, p_started timestamptz, p_rows bigint, p_error text)
returns setof nightshift.analytics_refreshes language sql security definer set search_path = '' as $$
    insert into nightshift.analytics_refreshes (view_name, started_at, duration, rows, error)
    values (p_view, p_started, clock_timestamp() - p_started, case when p_error is null then p_rows end, p_error)
    returning *
$$;

create function analytics.refresh_all_views()
returns table (view_name text, duration interval, row_count bigint, error text)
language plpgsql security definer set search_path = '' as $$
begin
    perform nightshift.fold_all_analytics();
    return query
        select r.view_name, r.duration, r.rows, r.error
        from unnest(nightshift.analytics_views()) with ordinality as v (name, number)
        cross join lateral nightshift.refresh_view(v.name) as r
        order by v.number;
end
$$;
comment on function analytics.refresh_all_views() is
    'Brings the roll-ups up to date and renews all seven views concurrently; one that fails is reported, and the others are renewed all the same. The function refresh-analytics does the same every 30 minutes, view by view.';

create function nightshift.require_admin() returns void language plpgsql stable set search_path = '' as $$
begin
    if not public.is_admin() then
        raise exception 'Access denied: Admin role required'
            using errcode = 'insufficient_privilege', hint = 'Grant it: insert into user_roles (user_id, role) values (…, ''admin'').';
    end if;
end
$$;

create function analytics.manual_refresh() returns text language plpgsql security definer set search_path = '' as $$
declare
    v_failed text;
begin
    perform nightshift.require_admin();
    select string_agg(view_name || ' (' || error || ')', ', ') into v_failed
    from analytics.refresh_all_views() where error is not null;
    return coalesce('Not refreshed: ' || v_failed || '. The others were at ', 'Analytics views refreshed at ') || now();
end
$$;
comment on function analytics.manual_refresh() is 'refresh_all_views for an admin; says which views failed, if any did.';

create function analytics.health_check()
returns table (view_name text, row_count bigint, last_refresh timestamptz)
language plpgsql stable security definer set search_path = '' as $$
begin
    perform nightshift.require_admin();
    return query
        select v.name, r.rows, r.started_at
        from unnest(nightshift.analytics_views()) with ordinality as v (name, number)
        left join lateral (
            select rows, started_at from nightshift.analytics_refreshes l
            where l.view_name = v.name and l.error is null order by started_at desc limit 1
        ) as r on true
        order by v.number;
end
$$;
comment on function analytics.health_check() is
    'For an admin: the rows of each view and when it was last renewed, as noted then.';

-- pg_cron's own notes where it runs a refresh, else those of refresh-analytics. (Its tables may be missing: `execute`.)
create function analytics.get_cron_job_status()
returns table (
    jobid bigint, jobname text, schedule text, command text, last_run timestamptz, last_status text
) language plpgsql stable security definer set search_path = '' as $$
begin
    perform nightshift.require_admin();
    if to_regclass('cron.job') is not null and to_regclass('cron.job_run_details') is not null then
        return query execute $cron$
            select j.jobid, j.jobname::text, j.schedule, j.command, d.start_time, d.status
            from cron.job j
            left join lateral (
                select start_time, status from cron.job_run_details r
                where r.jobid = j.jobid order by start_time desc nulls last limit 1
            ) as d on true
            where j.jobname = 'refresh-analytics-views' or j.jobname like 'nightshift:refresh-analytics:%'
            order by j.jobid $cron$;
        if found then
            return;
        end if;
    end if;
    return query
        select null::bigint, h.job_name, null::text, null::text, h.started_at, h.status
        from public.job_history h where h.job_name = 'refresh-analytics' order by h.started_at desc limit 1;
end
$$;
comment on function analytics.get_cron_job_status() is
    'For an admin: the refresh job, when it last ran and how that ended. Without pg_cron the last run of job_history; its schedule is that of serverless.yml then.';

{% for view, order in views.items() %}
create function analytics.get_{{ view }}() returns setof analytics.{{ view }}
language plpgsql stable security definer set search_path = '' as $$
begin
    perform nightshift.require_admin();
    return query select * from analytics.{{ view }} order by {{ order }};
end
$$;
comment on function analytics.get_{{ view }}() is 'analytics.{{ view }}, for an admin.';
{% endfor %}
