-- A requeue of many dead letters, which goes 1, then 10, then all. The letters are chosen once, oldest first; `released`
-- of them have been brought back so far.
create table requeue_waves (
    id uuid primary key default nightshift.uuid7(),
    queue text not null references queues (name),
    actor text not null,
    filter jsonb not null default '{}' check (jsonb_typeof(filter) = 'object'),
    ids uuid[] not null check (cardinality(ids) > 0),
    released int not null default 0 check (released between 0 and cardinality(ids)),
    status text not null default 'running' check (status in ('running', 'done', 'stopped')),
    reason text,
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    check ((status = 'running') = (finished_at is null))
);
-- Two at once would judge each other's failures.
create unique index requeue_waves_running on requeue_waves (queue) where status = 'running';
create index requeue_waves_latest on requeue_waves (queue, id);

-- Look at what has been released and do the next step, if it is time: anybody may call this, as often as they like.
-- A failed attempt of any letter stops the wave, and what has not been tried yet goes back to the dead letters.
-- While a released letter is still under way nothing happens.
create function nightshift.advance_wave(p_id uuid) returns void
language plpgsql as $$
declare
    w requeue_waves;
    v_open int;
    v_error text;
    v_next int;
begin
    select * into w from requeue_waves where id = p_id for update;
    if w.status is distinct from 'running' then
        return;
    end if;
    select count(*) filter (where r.status in ('pending', 'processing')),
           min(r.error) filter (where r.status in ('failed', 'dead_letter')
                                or r.history -> -1 ->> 'fate' in ('retry', 'down', 'unknown', 'lost'))
    into v_open, v_error
    from nightshift.queue_rows r
    where r.queue = w.queue and r.id = any (w.ids[1 : w.released]);

    if v_error is not null then
        perform nightshift.stop_wave(p_id, v_error, w.actor);
    elsif v_open > 0 then
        return;
    elsif w.released = cardinality(w.ids) then
        update requeue_waves set status = 'done', finished_at = now() where id = p_id;
    else
        v_next := least(cardinality(w.ids), case w.released when 0 then 1 when 1 then 11 else cardinality(w.ids) end);
        -- Somebody may have dealt with a letter by hand since it was chosen, by discarding it for instance.
        perform nightshift.requeue(w.queue, array(
            select r.id from nightshift.dead_rows r
            where r.queue = w.queue and r.id = any (w.ids[w.released + 1 : v_next])), w.actor);
        update requeue_waves set released = v_next where id = p_id;
    end if;
end
$$;

create function nightshift.stop_wave(p_id uuid, p_reason text, p_actor text) returns void
language sql as $$
    with stopped as (
        update requeue_waves set status = 'stopped', reason = p_reason, finished_at = now()
        where id = p_id and status = 'running'
        returning queue, ids[1 : released] as released
    )
    insert into audit_log (actor, action, subject, detail)
    select p_actor, 'stop requeue', queue || '/waves/' || p_id,
           jsonb_build_object('reason', p_reason, 'recalled', nightshift.recall(queue, released, 'the requeue stopped: ' || p_reason))
    from stopped
$$;

-- Record a requeue and bring back its first letter.
create function nightshift.begin_wave(p_queue text, p_ids uuid[], p_actor text, p_filter jsonb) returns uuid
language plpgsql as $$
declare
    v_id uuid;
begin
    insert into requeue_waves (queue, ids, actor, filter) values (p_queue, p_ids, p_actor, p_filter) returning id into v_id;
    insert into audit_log (actor, action, subject, detail)
    values (p_actor, 'start requeue', p_queue || '/waves/' || v_id, p_filter || jsonb_build_object('letters', cardinality(p_ids)));
    perform nightshift.advance_wave(v_id);
    return v_id;
end
$$;
