-- That a task's passes come: one row a job, brought up to date by each pass, idle or not.
create table job_pulses (
    job text primary key,
    known_since timestamptz not null default now(),
    began_at timestamptz,
    steady_since timestamptz,
    passes bigint not null default 0 check (passes >= 0),
    check ((began_at is null) = (passes = 0) and (began_at is null) = (steady_since is null))
) with (fillfactor = 50);
comment on column job_pulses.known_since is 'When the job was first expected or seen: before it nothing was missed.';
comment on column job_pulses.began_at is 'When its last pass began.';
comment on column job_pulses.steady_since is 'The pass since which none came more than 6 minutes after the one before.';

-- A pass has begun. Answers the job, so that the statement that the pass begins with can note it on its way.
create function nightshift.pulse(p_job text, p_now timestamptz default now()) returns text
language sql strict as $$
    insert into job_pulses as p (job, began_at, steady_since, passes) values (p_job, p_now, p_now, 1)
    on conflict (job) do update
    set began_at = greatest(p.began_at, p_now), passes = p.passes + 1,
        steady_since = case when p.began_at >= p_now - interval '6 minutes' then p.steady_since else p_now end
    returning job
$$;

-- Since when the passes of p_watched have not come, for p_silence at least, as told by another job whose own passes have
-- come all the while; null if they come, or if this job cannot know.
create function nightshift.silent_since(p_watched text, p_job text, p_silence interval, p_now timestamptz default now())
returns timestamptz
language sql stable as $$
    select w.began_at from job_pulses w, job_pulses own
    where w.job = p_watched and own.job = p_job and own.job <> w.job
      and w.began_at < p_now - p_silence and own.steady_since < p_now - p_silence
$$;

-- How the queues stood, once a minute. Kept for 30 days (cleanup-stale).
create table queue_samples (
    queue text not null references queues (name) on delete cascade,
    at timestamptz not null,
    live int not null check (live >= 0),
    due int not null check (due >= 0),
    oldest_due_seconds double precision check (oldest_due_seconds >= 0),
    dead int not null check (dead >= 0),
    done int not null check (done >= 0),
    died int not null check (died >= 0),
    primary key (queue, at)
);
create index queue_samples_at on queue_samples (at);
comment on table queue_samples is 'How the queues stood, once a minute. Kept for 30 days; cleanup-stale deletes older rows.';
comment on column queue_samples.done is 'Rows that went out since the sample before, or were left out on purpose.';
comment on column queue_samples.died is 'Rows that became dead letters since the sample before.';
