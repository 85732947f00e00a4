-- Take later rows of a lane, which the caller has locked, out of the claim's index until one that is before them, or in
-- flight, lets go: whoever ends that one releases the lane's next. The shared lock on it keeps it from ending unseen in
-- between; if somebody is ending it right now, nothing is parked.
create function nightshift.park_{{ queue.table }}(p_places tid[]) returns int
language plpgsql as $$
declare
    v_parked int;
begin
    with waiting as materialized (
        select w.{{ queue.lane }}, min(w.{{ queue.lane_order }}) as first
        from {{ queue.table }} w where w.ctid = any (p_places) group by 1
    ), predecessors as materialized (
        select w.{{ queue.lane }}, b.status = 'processing' as in_flight, b.{{ queue.lane_order }} as at, b.id
        from waiting w
        cross join lateral (
            select e.id, e.status, e.{{ queue.lane_order }} from {{ queue.table }} e
            where e.{{ queue.lane }} = w.{{ queue.lane }} and e.status in ('pending', 'processing')
              and not e.held and e.ctid <> all (p_places)
              and (e.status = 'processing' or e.{{ queue.lane_order }} <= w.first)
            order by e.{{ queue.lane_order }}, e.id
            limit 1 for share skip locked
        ) b
    )
    update {{ queue.table }} r set held = true
    from predecessors p
    where r.ctid = any (p_places) and r.{{ queue.lane }} = p.{{ queue.lane }} and r.status = 'pending'
      and (p.in_flight or (p.at, p.id) < (r.{{ queue.lane_order }}, r.id));
    get diagnostics v_parked = row_count;
    return v_parked;
end
$$;
