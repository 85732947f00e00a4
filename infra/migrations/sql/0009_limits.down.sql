drop function nightshift.reserve_permits, nightshift.hold_permits;
drop function nightshift.limit_granted, nightshift.limit_now, nightshift.limit_expiry;
drop type nightshift.limit_state;

update rate_limit_counters c set granted = (
    select array_agg(e.at order by e.at)
    from unnest(c.granted, c.numbers) as e(at, number), generate_series(1, e.number))
where granted <> '{}';
alter table rate_limit_counters drop numbers, reset (fillfactor);

{% include "0001_limits.sql" %}

revoke execute on all functions in schema nightshift from public;
