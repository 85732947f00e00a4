-- While there are lanes with very many rows: which they are, from where claims look on, and for how long.
alter table queues
    add column hot_lanes bigint[] not null default '{}',
    add column hot_from timestamptz,
    add column hot_until timestamptz,
    add constraint queues_hot check (hot_lanes = '{}' or (hot_from is not null and hot_until is not null));

{% include "0010_claim.sql" %}

revoke execute on all functions in schema nightshift from public;
