{# How discards went until 0029, and how they go since: a row says what it was, so that it can be that again. #}
-- Give rows up by hand: dead letters, and pending ones that nobody wants sent any more.{{ " What a row was is kept." if undone }}
create or replace function nightshift.discard_{{ queue.table }}(p_ids uuid[], p_actor text, p_now timestamptz default now())
returns setof uuid
language plpgsql as $$
begin
    return query
    with gone as (
        update {{ queue.table }} r
        set status = 'discarded', finished_at = {{ "p_now" if undone else "coalesce(r.finished_at, p_now)" }}, held = false, waits_for = null, updated_at = p_now,
            history = r.history || {{ "(" if undone }}nightshift.attempt(p_now, 'discarded', 'by ' || p_actor, null, null){{ " || jsonb_build_object('was', r.status))" if undone }}
        where r.id = any (p_ids) and r.status in ('{{ queue.dead }}', 'pending')
        returning r.id
    ), noted as (
        insert into audit_log (at, actor, action, subject) select p_now, p_actor, 'discard', '{{ queue.table }}/' || gone.id from gone
    )
    select gone.id from gone;
{% if queue.lane %}
    perform nightshift.release_{{ queue.table }}(array(select distinct {{ queue.lane }} from {{ queue.table }} where id = any (p_ids)));
{% endif %}
end
$$;
