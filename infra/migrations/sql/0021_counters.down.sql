drop function nightshift.end_run;
{% include "0021_end_run.sql" %}

{% include "0021_note_health.sql" %}

alter table queues drop column openings;
alter table job_history drop column log_lines;
drop function nightshift.count_up;
drop table metric_counters;

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
