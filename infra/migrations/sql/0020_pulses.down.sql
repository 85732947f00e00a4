drop table queue_samples, job_pulses;
drop function nightshift.pulse;
