-- Settle, then claim, in one call and one transaction: the claim sees what the settlement let go. Each row carries the
-- settlement's counts, and so does the only one, with nothing else in it, where nothing was claimed. What a claim answers
-- of a row, in the order in which the longest due comes first. As a function, since the statement is planned anew each time.
create function nightshift.exchange_{{ queue.table }}(
    p_token uuid, p_fates jsonb, p_delays interval[], p_limit int, p_lease interval, p_run uuid, p_job text, p_trigger text
) returns table (
    settled int, done int, again int, dead int, queue_open boolean
{% for name in queue.claimed %}
    , {{ name }} {{ "text" if name in queue.unread else queue.table ~ "." ~ name ~ "%type" }}
{% endfor %}
)
language plpgsql set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
    select s.* into settled, done, again, dead, queue_open
    from nightshift.settle_{{ queue.table }}(p_token, p_fates, p_delays) s;
    return query
    select settled, done, again, dead, queue_open
{% for name in queue.claimed %}
        , r.{{ name }}{{ "::text" if name in queue.unread }}
{% endfor %}
    from nightshift.claim_{{ queue.table }}(p_limit, p_token, p_lease, p_run, p_job, p_trigger) r
    order by {{ queue.due }}, r.id;
    if not found then
        return next;
    end if;
end
$$;
