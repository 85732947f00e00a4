-- What a claim would find now, by the index that it uses.
create or replace view nightshift.due_rows as
{% for queue in queues %}
{% if not loop.first %}
union all
{% endif %}
select '{{ queue.table }}'::text as queue, r.id, {{ queue.due }} as due_at
from {{ queue.table }} r
where {{ queue.due }} <= now() and r.finished_at is null and not r.held and (r.status = 'pending' or r.locked_until <= now())
{% endfor %};
