drop table queue_samples, job_pulses;
drop function nightshift.pulse, nightshift.silent_since;
