-- What was counted since the beginning, by what it was counted of. A counter is updated by each run's end and read by
-- each scrape; its pages keep room for that, so that no index is written.
create table metric_counters (
    name text not null,
    labels jsonb not null default '{}',
    value double precision not null default 0 check (value >= 0),
    primary key (name, labels)
) with (fillfactor = 50);
comment on table metric_counters is 'Prometheus counters of all processes; they only grow.';

-- Add to counters: p_counts is an array of {name, labels, value}. Everybody takes the rows in the same order, so that
-- runs that end at the same time wait for each other, but never in a circle.
create function nightshift.count_up(p_counts jsonb) returns void
language sql as $$
    insert into metric_counters as m (name, labels, value)
    select c.name, c.labels, sum(c.value)
    from jsonb_to_recordset(p_counts) as c(name text, labels jsonb, value double precision)
    group by c.name, c.labels
    order by c.name, c.labels
    on conflict (name, labels) do update set value = m.value + excluded.value
$$;

alter table job_history add column log_lines json;
comment on column job_history.log_lines is 'The last lines that the run wrote to its log, as they were written; null while it runs.';

drop function nightshift.end_run;
{% include "0021_end_run.sql" %}

-- How often a queue's breaker opened is counted where it opens.
alter table queues add column openings bigint not null default 0;
{% include "0021_note_health.sql" %}

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
