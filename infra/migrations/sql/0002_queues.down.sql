drop function why, calculate_email_retry_time, calculate_webhook_retry_time, get_email_queue_batch, get_webhook_retry_batch,
    mark_email_sent, mark_email_failed, mark_webhook_processed, mark_webhook_failed;
{% for queue in queues %}
drop table {{ queue.table }} cascade;
{% endfor %}
drop table queues;
do $$
declare
    f regprocedure;
begin
    -- Everything that 0002 added to the schema; what 0001 made stays.
    for f in select p.oid::regprocedure from pg_proc p
             where p.pronamespace = 'nightshift'::regnamespace
               and p.proname not in ('uuid7', 'reserve_permits', 'hold_permits', 'begin_run', 'end_run', 'close_overdue_runs')
    loop
        execute format('drop function %s', f);
    end loop;
end
$$;
