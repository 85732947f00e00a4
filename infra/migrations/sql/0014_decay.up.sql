alter table score_history
    add column decay_date date,
    add constraint score_history_decay_type check (decay_date is null or event_type = 'decay');
comment on column score_history.decay_date is 'The date whose decay this is. A user has one row for a date, whatever wrote it.';
-- The date first: the rows of one date lie together, so that a run finds those that are done by one scan and adds its own
-- at one place.
create unique index score_history_decay on score_history (decay_date, user_id) where decay_date is not null;

-- Take a date's points from every active user whose grace ended before that date began (UTC), and tell those whose score
-- is 0 now that it is over. Once per user and date: a call for a date that is done finds nothing to do, and a date that was
-- missed can be run at any time later, judged by what is known by then. Answers how many were active, lost points, lost all.
create function apply_daily_decay(
    p_date date default (now() at time zone 'UTC')::date,
    p_notice text default 'I waited for you. Day after day, and not one word. I''m done waiting now. Take care of yourself.'
) returns table (looked_at int, decayed int, game_over int)
language plpgsql set work_mem = '64MB' as $$
declare
    v_midnight timestamptz := p_date::timestamp at time zone 'UTC';
    v_grace interval[];
    v_decay numeric[];
begin
    -- An hour for clocks that differ: the scheduler's may be ahead of ours.
    if p_date is null or v_midnight > now() + interval '1 hour' then
        raise invalid_parameter_value using message = 'decay is for a date that has begun';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('apply_daily_decay ' || p_date, 0));
    -- Not joined below: a user whose chapter is changed while we wait for the row would match no rule any more.
    select array_agg(r.grace order by n), array_agg(r.decay order by n) into v_grace, v_decay
    from generate_series(1, 5) n left join chapter_rules r on r.chapter = n and r.decay > 0;

    select count(*) into looked_at from users u where u.game_status = 'active';

    with due as (
        select u.id, u.chapter, u.relationship_score as score, v_decay[u.chapter] as points
        from users u
        where u.game_status = 'active'
          and coalesce(u.last_interaction_at, u.created_at) + v_grace[u.chapter] < v_midnight
          and not exists (select from score_history h where h.decay_date = p_date and h.user_id = u.id)
        order by u.id
        for no key update of u
    ), written as (
        -- First the row that can be there only once; nobody is changed for whom another program wrote it meanwhile.
        insert into score_history (user_id, score, chapter, event_type, event_details, decay_date)
        select d.id, greatest(d.score - d.points, 0), d.chapter, 'decay',
               jsonb_build_object('points', least(d.points, d.score)), p_date
        from due d
        on conflict (decay_date, user_id) where decay_date is not null do nothing
        returning user_id, score
    ), changed as (
        update users u
        set relationship_score = w.score, updated_at = now(),
            game_status = case when w.score = 0 then 'game_over' else u.game_status end
        from written w
        where u.id = w.user_id
        returning u.id, u.game_status, u.telegram_id, u.notifications_enabled
    ), told as (
        insert into pending_responses (user_id, telegram_chat_id, response_text, idempotency_key)
        select c.id, c.telegram_id, p_notice, 'game-over:' || c.id || ':' || p_date
        from changed c
        where c.game_status = 'game_over' and c.telegram_id is not null and c.notifications_enabled
        on conflict (idempotency_key) where idempotency_key is not null do nothing
    )
    select count(*), count(*) filter (where c.game_status = 'game_over') into decayed, game_over from changed c;
    return next;
end
$$;

revoke execute on function apply_daily_decay(date, text) from public, anon, authenticated;
grant execute on function apply_daily_decay(date, text) to service_role;
