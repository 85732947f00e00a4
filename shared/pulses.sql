-- name: pulse
-- A pass has begun. Since when `watch` has been silent, if it has.
select nightshift.silent_since(%(watch)s::text, nightshift.pulse(%(job)s::text), %(silence)s::interval) as silent_since;

-- name: expect
-- From now on these jobs are missed when they do not come.
insert into job_pulses (job)
select expected.job from unnest(%(jobs)s::text[]) as expected(job)
where not exists (select from job_pulses p where p.job = expected.job)
on conflict do nothing;

-- name: pulses
-- When the last pass of each of these jobs began, and since when it could have been missed.
select job, began_at, coalesce(began_at, known_since) as since, steady_since
from job_pulses where job = any (%(jobs)s::text[]);
