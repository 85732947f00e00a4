create or replace function why(queue text, id uuid) returns text
language sql stable as $$
    select case queue
{% for queue in queues %}
        when '{{ queue.table }}' then nightshift.why_{{ queue.table }}(id)
{% endfor %}
    end
$$;
