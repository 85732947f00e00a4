-- The oldest events that are older than `p_keep`, from a moment on. A caller that goes on where the last batch ended passes by
-- what that has left in the index, which grows until the next vacuum; and so does a plan that is made once.
create function nightshift.delete_events(p_keep interval, p_limit int, p_from timestamptz)
returns table (deleted int, until timestamptz)
language plpgsql security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
    perform set_config('nightshift.pruning', 'on', true);  -- until the end of this call
    with old as (
        select id, created_at from public.session_analytics_events
        where created_at >= p_from and created_at < now() - p_keep
        order by created_at limit p_limit for update skip locked
    ), gone as (
        delete from public.session_analytics_events e using old
        where e.id = old.id and e.created_at = old.created_at
        returning e.created_at
    )
    select count(*), max(created_at) into deleted, until from gone;
    perform set_config('nightshift.pruning', '', true);
    return next;
end
$$;

create function public.delete_old_analytics(cutoff_interval interval default '1 year', batch_limit int default 1000)
returns json language sql security definer set search_path = '' as $$
    select json_build_object('deleted', deleted) from nightshift.delete_events(cutoff_interval, batch_limit, '-infinity')
$$;
comment on function public.delete_old_analytics(interval, int) is
    'Deletes the oldest events that are older than cutoff_interval, batch_limit of them at most, and passes over those that somebody holds. Answers {"deleted": n}. What was counted stays counted.';

-- The oldest month of which every event is older than this goes as a whole. A writer waits for 25 ms at most, and so do we:
-- `lock_not_available` means that somebody is reading or writing, and that it is to be tried again.
create function nightshift.drop_event_month(p_cutoff interval) returns table (month text, events bigint)
language plpgsql security definer set search_path = '' set lock_timeout = '25ms' as $$
declare
    v_partition regclass;
begin
    select i.inhrelid::regclass, right(c.relname, 7) into v_partition, month
    from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'public.session_analytics_events'::regclass
      and c.relname ~ '^session_analytics_events_\d{4}_\d\d$'
      and (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'utc' <= now() - p_cutoff
    order by c.relname limit 1;
    if v_partition is null then
        return;
    end if;
    execute format('select count(*) from %s', v_partition) into events;
    execute format('drop table %s', v_partition);
    return next;
end
$$;
