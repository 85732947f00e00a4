-- The runs that failed, newest first, whatever they stand among.
create index job_history_failed on job_history (started_at desc, id desc) where status = 'failed';
