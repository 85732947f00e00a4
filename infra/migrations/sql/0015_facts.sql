{% set replace, mended = replace | default(false), mended | default(false) %}
{# Until 0019 a day without decay had lost 999 points: `least` passes over null. #}
-- What a recap of one user's day is made of. The day is that of their time zone, 23 to 25 hours long. Of the messages the
-- newest 40, of each its first 500 characters; of the events the newest 20.
create {{ "or replace " if replace }}function nightshift.recap_facts(p_user uuid, p_date date)
returns table (
    name text, chapter int, status text, score_start numeric, score_end numeric, decay_applied numeric,
    conversations_count int, messages jsonb, events jsonb
)
language sql stable as $$
    with who as (
        select u.id, u.display_name, u.chapter, u.game_status, u.relationship_score,
               p_date::timestamp at time zone u.timezone as begins,
               (p_date + 1)::timestamp at time zone u.timezone as ends
        from users u where u.id = p_user
    ), changes as (
        select h.id, h.score, h.chapter, h.event_type, h.decay_date, h.event_details
        from who w join score_history h on h.user_id = w.id and h.recorded_at >= w.begins and h.recorded_at < w.ends
    ), before as (
        select h.score from who w join score_history h on h.user_id = w.id and h.recorded_at < w.begins
        order by h.recorded_at desc, h.id desc limit 1
    ), talks as (
        select c.id, c.started_at, c.messages
        from who w join conversations c on c.user_id = w.id and c.started_at >= w.begins and c.started_at < w.ends
    ), said as (
        select t.started_at, t.id, m.place,
               jsonb_build_object('role', left(m.message ->> 'role', 16), 'content', left(m.message ->> 'content', 500)) as line
        from talks t, jsonb_array_elements(t.messages) with ordinality as m(message, place)
        where m.message ->> 'content' <> ''
        order by t.started_at desc, t.id desc, m.place desc limit 40
    ), happened as (
        select c.id, jsonb_build_object('type', c.event_type, 'score', c.score, 'chapter', c.chapter) as line
        from changes c order by c.id desc limit 20
    ), scores as (
        select
            -- A player of whom nothing was written down before began with the score that a new one has.
            coalesce((select b.score from before b),
                case when exists (select from score_history h where h.user_id = p_user) then 50
                else w.relationship_score end) as score_start,
            (select c.score from changes c order by c.id desc limit 1) as last
        from who w
    )
    select w.display_name, w.chapter::int, w.game_status, s.score_start, coalesce(s.last, s.score_start),
{% if mended %}
        (select least(coalesce(sum(greatest((c.event_details ->> 'points')::numeric, 0)), 0), 999)
         from changes c where c.decay_date is not null and jsonb_typeof(c.event_details -> 'points') = 'number'),
{% else %}
        coalesce((
            select least(sum(greatest((c.event_details ->> 'points')::numeric, 0)), 999)
            from changes c where c.decay_date is not null and jsonb_typeof(c.event_details -> 'points') = 'number'), 0),
{% endif %}
        (select count(*)::int from talks),
        coalesce((select jsonb_agg(d.line order by d.started_at, d.id, d.place) from said d), '[]'),
        coalesce((select jsonb_agg(p.line order by p.id) from happened p), '[]')
    from who w, scores s
$$;
