-- Begin a run of a task that must happen once per key (a date, an hour). One short transaction: the lock, the check and
-- the row. Answers the run's id, or null with the reason why this call has nothing to do.
create function nightshift.begin_run(
    p_id uuid, p_job text, p_key text, p_trigger text, p_limit interval, p_metadata jsonb default '{}'
) returns table (run_id uuid, reason text)
language plpgsql as $$
begin
    if not pg_try_advisory_xact_lock(hashtextextended(p_job || ' ' || coalesce(p_key, ''), 0)) then
        return query select null::uuid, 'another call is starting this run at this moment';
        return;
    end if;
    perform nightshift.close_overdue_runs(p_job, p_limit);
    begin
        insert into job_history (id, job_name, run_key, trigger, metadata)
        values (p_id, p_job, p_key, p_trigger, p_metadata);
    exception when unique_violation then
        return query select null::uuid, 'already ' || case h.status when 'running' then 'running' else 'done' end || ' as run ' || h.id
        from job_history h
        where h.id = p_id or (h.job_name = p_job and h.run_key = p_key and h.status in ('running', 'success'))
        limit 1;
        if not found then
            return query select null::uuid, 'another call began this run and has just ended it';
        end if;
        return;
    end;
    return query select p_id, null::text;
end
$$;

-- A run that outlived its time limit was killed: say so in its row.
create function nightshift.close_overdue_runs(p_job text, p_limit interval) returns int
language sql as $$
    with closed as (
        update job_history
        set status = 'failed', completed_at = now(), error_message = 'ended without a word: past its time limit of ' || p_limit
        where job_name = p_job and status = 'running' and started_at < now() - p_limit
        returning 1
    )
    select count(*)::int from closed
$$;

create function nightshift.end_run(
    p_id uuid, p_job text, p_trigger text, p_started timestamptz, p_status text, p_processed int, p_failed int,
    p_error text, p_metadata jsonb
) returns void
language sql as $$
    insert into job_history as h
        (id, job_name, trigger, started_at, completed_at, status, items_processed, items_failed, error_message, metadata)
    values (p_id, p_job, p_trigger, p_started, greatest(p_started, now()), p_status, p_processed, p_failed, p_error, p_metadata)
    on conflict (id) do update
    set completed_at = now(), status = p_status, items_processed = p_processed, items_failed = p_failed,
        error_message = p_error, metadata = h.metadata || p_metadata
    where h.status = 'running'
$$;
