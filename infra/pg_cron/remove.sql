-- Take away every schedule that schedules.sql has made. The secrets in Vault stay.
select cron.unschedule(jobid) from cron.job where jobname like 'nightshift:%';
