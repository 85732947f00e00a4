-- Take back what a requeue brought out and nobody has tried to send yet: a dead letter again, its error as it was.
create function nightshift.recall_{{ queue.table }}(p_ids uuid[], p_why text) returns int
language plpgsql as $$
declare
    v_recalled int;
begin
    update {{ queue.table }} r
    set status = '{{ queue.dead }}', finished_at = now(), held = false, waits_for = null, updated_at = now(),
        history = r.history || nightshift.attempt(now(), 'recalled', p_why, null, null)
    where r.id = any (p_ids) and r.status = 'pending' and r.history -> -1 ->> 'fate' = 'requeued';
    get diagnostics v_recalled = row_count;
{% if queue.lane %}
    perform nightshift.release_{{ queue.table }}(array(select distinct {{ queue.lane }} from {{ queue.table }} where id = any (p_ids)));
{% endif %}
    return v_recalled;
end
$$;
