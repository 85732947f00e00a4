-- Grants of one moment are one entry with their number: a limit of thousands is not thousands of entries.
alter table rate_limit_counters add numbers int[] not null default '{}';
update rate_limit_counters set numbers = array_fill(1, array[cardinality(granted)]);
comment on column rate_limit_counters.numbers is 'How many grants each time of `granted` stands for.';
-- The row of a limit that every claim asks for changes all the time: within its page, where there is room.
alter table rate_limit_counters set (fillfactor = 50);

drop function nightshift.reserve_permits;
{% include "0009_reserve.sql" %}

revoke execute on all functions in schema nightshift from public;
