-- PostgreSQL as the timer, on Supabase: each schedule of serverless.yml calls its function on AWS. (Not on Google, where a
-- function is stopped when its caller lets go; Cloud Scheduler is the timer there.)
--
-- Run it as `postgres`, as often as you like: it changes what differs, and takes away what the table has no longer. A
-- job that somebody has paused (cron.alter_job) stays so.
-- It wants the extensions pg_cron and pg_net, and two secrets in Vault (docs/deploy/supabase.md says how):
--     nightshift_functions_base_url    where the functions are, as FUNCTIONS_BASE_URL has it
--     nightshift_service_key           one of SERVICE_KEYS
-- Both are read at each call, so that neither stands in cron.job. Schedules are UTC.
--
-- A call that timed out is not a failed run. pg_net only waits for the answer: the function works on, its lease and its
-- tick stand in its own tables, and job_history has the outcome. Nobody waits long, because pg_net makes the calls of a
-- moment together and begins no other until the slowest of them has ended or timed out: one that waited for a function
-- that takes minutes would hold up every tick of those minutes. 5 s is also what Supabase's page lets a call wait.
do $nightshift$
declare
    vaulted constant text[] := '{nightshift_functions_base_url,nightshift_service_key}';
    purge constant text := 'nightshift:purge';
    -- 30 seconds can be said since 1.5. Before, the time from one minute to the next is covered by lingering.
    seconds constant boolean := (
        select (substring(extversion from '^\d+')::int, substring(extversion from '^\d+\.(\d+)')::int) >= (1, 5)
        from pg_extension where extname = 'pg_cron'
    );
    -- Older than a week nobody reads how a call was made; pg_cron itself never deletes.
    purging constant text := $$delete from cron.job_run_details where end_time < now() - interval '7 days'$$;
    calling constant text := $$select net.http_post(
    url := replace((select decrypted_secret from vault.decrypted_secrets where name = 'nightshift_functions_base_url'), '{name}', %1$L) || '/' || %1$L,
    headers := jsonb_build_object('Content-Type', 'application/json', 'Authorization', 'Bearer ' || (select decrypted_secret from vault.decrypted_secrets where name = 'nightshift_service_key')),
    body := jsonb_build_object('trigger', 'schedule', 'scheduled_for', date_trunc('minute', now())),
    timeout_milliseconds := 5000)$$;
    kept text[] := array[purge];
    wanted record;
begin
    if seconds is null then
        raise exception 'pg_cron is missing' using hint = 'create extension pg_cron';
    end if;
    if to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is null then
        raise exception 'pg_net is missing' using hint = 'create extension pg_net';
    end if;
    if (select count(distinct name) from vault.decrypted_secrets where name = any (vaulted)) < cardinality(vaulted) then
        raise exception 'Vault does not have both of %', vaulted
            using hint = 'select vault.create_secret(''<value>'', ''<name>'') for each';
    end if;
    for wanted in
        select
            format('nightshift:%s:%s', task, number) as job,
            case when seconds and schedule = '* * * * *' then '30 seconds' else schedule end as schedule,
            format(calling, task) as command
        from (
            values
            -- functions: rendered from serverless.yml
            ('deliver-responses', 1, '* * * * *'),
            ('process-email-queue', 1, '* * * * *'),
            ('deliver-push', 1, '* * * * *'),
            ('process-webhook-retries', 1, '*/5 * * * *'),
            ('cleanup-stale', 1, '0 0 * * *'),
            ('apply-decay', 1, '0 0 * * *'),
            ('generate-summaries', 1, '0 * * * *'),
            ('generate-summaries', 2, '*/5 * * * *'),
            ('refresh-analytics', 1, '*/30 * * * *'),
            ('prune-analytics', 1, '0 2 * * *'),
            ('reconcile-stripe', 1, '0 * * * *'),
            ('watch', 1, '* * * * *')
            -- end of functions
        ) as listed (task, number, schedule)
        union all
        select purge, '17 3 * * *', purging
    loop
        kept := kept || wanted.job;
        if not exists (
            select from cron.job
            where jobname = wanted.job and schedule = wanted.schedule and command = wanted.command
        ) then
            perform cron.schedule(wanted.job, wanted.schedule, wanted.command);
        end if;
    end loop;
    perform cron.unschedule(jobid) from cron.job where jobname like 'nightshift:%' and jobname <> all (kept);
end
$nightshift$;
