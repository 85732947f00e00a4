{% from "0023_facts.sql" import facts %}
{# What a statement changed, summed up; a change that leaves the sums as they were is none. #}
{% macro change(source, signed) %}
        insert into nightshift.analytics_changes (kind, bucket, user_id, entries, done, micros)
        select kind, bucket, user_id, sum(sign * entries), sum(sign * done), sum(sign * micros)
        from (
        {% for sign, rows in signed %}
            {{ "union all" if not loop.first }}
            select {{ sign }} as sign, f.* from ({{ facts(source, rows) }}) as f
        {% endfor %}
        ) as changed
        group by kind, bucket, user_id
        having sum(sign * entries) <> 0 or sum(sign * done) <> 0 or sum(sign * micros) <> 0;
{% endmacro %}
{% for source in sources %}
create function nightshift.note_{{ source }}() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    if tg_op = 'INSERT' then
{{ change(source, [(1, "new_rows")]) }}
    elsif tg_op = 'UPDATE' then
{{ change(source, [(1, "new_rows"), (-1, "old_rows")]) }}
    elsif tg_op = 'DELETE' then
        -- What is pruned because of its age stays counted.
        if coalesce(current_setting('nightshift.pruning', true), '') = 'on' then
            return null;
        end if;
{{ change(source, [(-1, "old_rows")]) }}
    else
        perform nightshift.recount_analytics();
    end if;
    return null;
end
$$;
create trigger note_insert after insert on {{ source }}
referencing new table as new_rows for each statement execute function nightshift.note_{{ source }}();
create trigger note_update after update on {{ source }}
referencing new table as new_rows old table as old_rows for each statement execute function nightshift.note_{{ source }}();
create trigger note_delete after delete on {{ source }}
referencing old table as old_rows for each statement execute function nightshift.note_{{ source }}();
create trigger note_truncate after truncate on {{ source }}
for each statement execute function nightshift.note_{{ source }}();
{% endfor %}
