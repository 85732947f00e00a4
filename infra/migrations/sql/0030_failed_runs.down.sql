drop index job_history_failed;
