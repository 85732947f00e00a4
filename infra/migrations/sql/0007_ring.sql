-- A row that is due before a waiting run looks again (after 5 s at most) has to ring; a later one need not.
create function nightshift.ring_{{ queue.table }}() returns trigger
language plpgsql as $$
declare
    v_bell bigint := hashtextextended('nightshift.{{ queue.table }}', 0);
    v_waits boolean := case when pg_try_advisory_lock(v_bell) then not pg_advisory_unlock(v_bell) else true end;
begin
    if not v_waits then
        return null;
    elsif exists (select from inserted where {{ queue.due }} <= clock_timestamp() + interval '6 seconds') then
        perform pg_notify('nightshift.{{ queue.table }}', '');
    end if;
    return null;
end
$$;
create trigger bell_inserted after insert on {{ queue.table }}
    referencing new table as inserted for each statement execute function nightshift.ring_{{ queue.table }}();
