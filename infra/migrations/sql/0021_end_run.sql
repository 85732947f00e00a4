{# Both ways: with what a run has counted and written to its log, or as it was before. #}
-- Close a run's row, writing it whole if nothing had opened it. {{ "What was counted is added only by the call that closes it, so that\n-- the call may be repeated." if counted }}
create function nightshift.end_run(
    p_id uuid, p_job text, p_trigger text, p_started timestamptz, p_status text, p_processed int, p_failed int,
    p_error text, p_metadata jsonb{% if counted %}, p_log json default '[]', p_counts jsonb default '[]'{% endif %}

) returns void
language sql as $$
{% if counted %}
    with closed as (
{% endif %}
    insert into job_history as h
        (id, job_name, trigger, started_at, completed_at, status, items_processed, items_failed, error_message, metadata{{ ", log_lines" if counted }})
    values (p_id, p_job, p_trigger, p_started, greatest(p_started, now()), p_status, p_processed, p_failed, p_error, p_metadata{{ ", p_log" if counted }})
    on conflict (id) do update
    set completed_at = now(), status = p_status, items_processed = p_processed, items_failed = p_failed,
        error_message = p_error, metadata = h.metadata || p_metadata{{ ", log_lines = p_log" if counted }}

    where h.status = 'running'
{% if counted %}
    returning 1
    )
    select nightshift.count_up(p_counts) from closed
{% endif %}
$$;
