-- Write down who waits for the recap of their yesterday: everybody whose game is on, where it is 06:00 or later, who was
-- there that day and has neither a summary nor a row already. A player in a boss fight plays too. Looks at p_limit users at
-- most; answers how many rows were added and where to go on, in no zone once everybody was looked at.
-- Only yesterday: after an outage of days nobody reads, and nobody should pay for, what was missed before.
create function nightshift.plan_recaps(
    p_now timestamptz, p_zone text default null, p_after uuid default null, p_limit int default 5000
) returns table (planned int, zone text, after uuid)
language plpgsql as $$
#variable_conflict use_column
declare
    v_first constant uuid := '00000000-0000-0000-0000-000000000000';
    v_zone text := p_zone;
    v_after uuid := coalesce(p_after, v_first);
    v_left int := p_limit;
    v_planned int := 0;
    v_local timestamp;
    v_midnight timestamptz;
    v_looked int;
    v_added int;
    v_last uuid;
begin
    if v_zone is null then
        select min(u.timezone) into v_zone from users u where u.game_status in ('active', 'boss_fight');
    end if;
    while v_zone is not null and v_left > 0 loop
        v_local := p_now at time zone v_zone;
        v_looked := 0;
        if v_local::time >= '06:00' then
            v_midnight := v_local::date::timestamp at time zone v_zone;
            with page as (
                select u.id, u.created_at from users u
                where u.timezone = v_zone and u.game_status in ('active', 'boss_fight') and u.id > v_after
                order by u.id limit v_left
            ), added as (
                insert into recap_work (user_id, summary_date)
                select p.id, v_local::date - 1 from page p
                where p.created_at < v_midnight
                  and not exists (
                      select from daily_summaries s where s.user_id = p.id and s.summary_date = v_local::date - 1)
                on conflict do nothing
                returning 1
            )
            select (select count(*) from page), (select count(*) from added), (select p.id from page p order by p.id desc limit 1)
            into v_looked, v_added, v_last;
            v_planned := v_planned + v_added;
        end if;
        if v_looked = v_left then
            return query select v_planned, v_zone, v_last;
            return;
        end if;
        v_left := v_left - v_looked;
        v_after := v_first;
        select u.timezone into v_zone from users u
        where u.game_status in ('active', 'boss_fight') and u.timezone > v_zone
        order by u.timezone limit 1;
        if not found then
            v_zone := null;
        end if;
    end loop;
    return query select v_planned, null::text, null::uuid;
end
$$;
-- Whatever the statistics say of a table that was just filled: pages are short, and found by the index.
alter function nightshift.plan_recaps set enable_seqscan to off;
alter function nightshift.plan_recaps set jit to off;
