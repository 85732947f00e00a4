drop table audit_log, alert_states, rate_limit_counters, job_history, users;
drop schema nightshift cascade;
