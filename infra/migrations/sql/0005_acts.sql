{% for act, result in (("requeue", "setof uuid"), ("discard", "setof uuid")) %}
create or replace function nightshift.{{ act }}(p_queue text, p_ids uuid[], p_actor text) returns {{ result }}
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

create or replace function nightshift.recall(p_queue text, p_ids uuid[], p_why text) returns int
language plpgsql as $$
begin
    case p_queue
{% for queue in queues %}
        when '{{ queue.table }}' then return nightshift.recall_{{ queue.table }}(p_ids, p_why);
{% endfor %}
    end case;
end
$$;
