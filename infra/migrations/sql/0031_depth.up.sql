{% for queue in queues %}
-- How deep the queue is, by its indexes alone: no count looks at more than p_cap rows, however many there are.
create function nightshift.depth_{{ queue.table }}(p_cap int)
returns table (live int, due int, oldest_due_at timestamptz, dead int)
language sql stable set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
    select
        (select count(*)::int from (select from nightshift.live_rows where queue = '{{ queue.table }}' limit p_cap) r),
        (select count(*)::int from (select from nightshift.due_rows where queue = '{{ queue.table }}' limit p_cap) r),
        -- Of the table itself, as due_rows has it: through the view the planner sorts all that is due.
        (select {{ queue.due }} from {{ queue.table }} r
            where {{ queue.due }} <= now() and r.finished_at is null and not r.held
              and (r.status = 'pending' or r.locked_until <= now())
            order by {{ queue.due }}, r.id limit 1),
        (select count(*)::int from (select from nightshift.dead_rows where queue = '{{ queue.table }}' limit p_cap) r)
$$;

{% endfor %}
-- The same by the queue's name.
create function nightshift.depth(p_queue text, p_cap int)
returns table (live int, due int, oldest_due_at timestamptz, dead int)
language sql stable as $$
{% for queue in queues %}
    select * from nightshift.depth_{{ queue.table }}(p_cap) where p_queue = '{{ queue.table }}'
{% if not loop.last %}
    union all
{% endif %}
{% endfor %}
$$;

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
