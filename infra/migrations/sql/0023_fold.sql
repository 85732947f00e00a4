-- Who came into a group (1) or left it (-1); 0 for a row of nothing, which goes.
create type nightshift.analytics_flip as (kind text, bucket text, user_id uuid, sign int);

-- Brings the roll-ups up to date with at most so many changes. Answers how many there were.
create function nightshift.fold_analytics(p_most int default 50000) returns int
language plpgsql set search_path = '' as $$
declare
    v_taken int;
    v_flips nightshift.analytics_flip[];
begin
    perform pg_advisory_xact_lock(hashtextextended('nightshift:analytics', 0));
    with taken as (
        delete from nightshift.analytics_changes
        where ctid = any (array(select ctid from nightshift.analytics_changes limit p_most))
        returning *
    ), change as (
        select kind, bucket, user_id, sum(entries) as entries, sum(done) as done, sum(micros) as micros
        from taken group by kind, bucket, user_id
    ), member as (
        insert into nightshift.analytics_members as m (kind, bucket, user_id, entries)
        select kind, bucket, user_id, entries from change
        where user_id is not null and entries <> 0 order by kind, bucket, user_id
        on conflict (kind, bucket, user_id) do update set entries = m.entries + excluded.entries
        returning m.*
    ), flip as (
        select kind, bucket, user_id, (m.entries > 0)::int - (m.entries - c.entries > 0)::int as sign, m.entries
        from member m join change c using (kind, bucket, user_id)
    ), counted as (
        insert into nightshift.analytics_groups as g (kind, bucket, users, entries, done, micros)
        select c.kind, c.bucket, sum(coalesce(f.sign, 0)), sum(c.entries), sum(c.done), sum(c.micros)
        from change c left join flip f using (kind, bucket, user_id)
        group by c.kind, c.bucket order by c.kind, c.bucket
        on conflict (kind, bucket) do update set
            users = g.users + excluded.users, entries = g.entries + excluded.entries,
            done = g.done + excluded.done, micros = g.micros + excluded.micros
    )
    select (select count(*) from taken), array_agg((kind, bucket, user_id, sign)::nightshift.analytics_flip)
    into v_taken, v_flips from flip where sign <> 0 or entries = 0;

    delete from nightshift.analytics_members m using unnest(v_flips) as f
    where m.kind = f.kind and m.bucket = f.bucket and m.user_id = f.user_id and m.entries = 0;
    perform nightshift.change_streaks(v_flips);
    perform nightshift.change_learners(v_flips);
    return v_taken;
end
$$;

-- Days that were added and taken away: the streaks beside them are made anew.
create function nightshift.change_streaks(p_flips nightshift.analytics_flip[]) returns void
language sql set search_path = '' as $$
    with change as (
        select user_id, bucket::date as day, sign from unnest(p_flips) where kind = 'study' and sign <> 0
    ), beside as (
        delete from nightshift.analytics_streaks s using change c
        where s.user_id = c.user_id and s.last_day >= c.day - 1 and s.first_day <= c.day + 1
        returning s.user_id, s.first_day, s.last_day
    ), old as (
        select user_id, range_agg(daterange(first_day, last_day, '[]')) as days from beside group by user_id
    ), new as (
        select user_id, coalesce(range_agg(daterange(day, day, '[]')) filter (where sign > 0), '{}') as added,
               coalesce(range_agg(daterange(day, day, '[]')) filter (where sign < 0), '{}') as removed
        from change group by user_id
    ), made as (
        insert into nightshift.analytics_streaks (user_id, first_day, last_day)
        select user_id, lower(r.days), upper(r.days) - 1
        from new left join old using (user_id)
        cross join lateral unnest(coalesce(old.days, '{}') + new.added - new.removed) as r (days)
        returning first_day, last_day
    ), ends as (
        select last_day, last_day - first_day + 1 as days, 1 as sign from made
        union all
        select last_day, last_day - first_day + 1, -1 from beside
    )
    insert into nightshift.analytics_streak_ends as e (last_day, days, streaks)
    select last_day, days, sum(sign) from ends group by last_day, days having sum(sign) <> 0
    on conflict (last_day, days) do update set streaks = e.streaks + excluded.streaks;
$$;

create function nightshift.change_learners(p_flips nightshift.analytics_flip[]) returns void
language sql set search_path = '' as $$
    insert into nightshift.analytics_learners as l (user_id, learning_days, first_day, last_day, last_active)
    select c.user_id, c.days,
           (select min(first_day) from nightshift.analytics_streaks s where s.user_id = c.user_id),
           (select max(last_day) from nightshift.analytics_streaks s where s.user_id = c.user_id),
           (select max(bucket) from nightshift.analytics_members m
            where m.user_id = c.user_id and kind in ('events', 'study') and entries > 0)::date
    from (
        select user_id, coalesce(sum(sign) filter (where kind = 'study'), 0)::int as days
        from unnest(p_flips) where kind in ('events', 'study') group by user_id
    ) as c
    on conflict (user_id) do update set
        learning_days = l.learning_days + excluded.learning_days, first_day = excluded.first_day,
        last_day = excluded.last_day, last_active = excluded.last_active;
    delete from nightshift.analytics_learners
    where user_id in (select user_id from unnest(p_flips)) and learning_days = 0 and last_active is null;
$$;

-- All changes that are there, a page at a time.
create function nightshift.fold_all_analytics() returns void language plpgsql set search_path = '' as $$
declare
    v_page constant int := 50000;
begin
    while nightshift.fold_analytics(v_page) = v_page loop
    end loop;
end
$$;
