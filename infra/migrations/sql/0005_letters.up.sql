-- Pages of runs over all jobs; one job's pages have an index of their own.
create index job_history_latest on job_history (started_at desc, id desc);

-- An error without what is personal in it: addresses, and numbers long enough for a chat or a phone. Errors that differ
-- in nothing else are one error.
create function nightshift.plain_error(p_error text) returns text
language sql immutable as $$
    select regexp_replace(
        regexp_replace(coalesce(p_error, 'no error recorded'), '[^[:space:]<>"'',;:()]+@[^[:space:]<>"'',;:()]+', '<address>', 'g'),
        '(?<![[:alnum:]_.-])[+-]?[0-9]{7,}(?![[:alnum:]_-])', '<number>', 'g')
$$;

{% include "0005_views.sql" %}

{% for queue in queues %}
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
{% endfor %}

{% for act, result in (("requeue", "setof uuid"), ("discard", "setof uuid")) %}
create function nightshift.{{ act }}(p_queue text, p_ids uuid[], p_actor text) returns {{ result }}
language plpgsql as $$
begin
    case p_queue
{% for queue in queues %}
        when '{{ queue.table }}' then return query select nightshift.{{ act }}_{{ queue.table }}(p_ids, p_actor);
{% endfor %}
    end case;
end
$$;
{% endfor %}

create function nightshift.recall(p_queue text, p_ids uuid[], p_why text) returns int
language plpgsql as $$
begin
    case p_queue
{% for queue in queues %}
        when '{{ queue.table }}' then return nightshift.recall_{{ queue.table }}(p_ids, p_why);
{% endfor %}
    end case;
end
$$;

{% include "0005_waves.sql" %}

revoke execute on all functions in schema nightshift from public;
