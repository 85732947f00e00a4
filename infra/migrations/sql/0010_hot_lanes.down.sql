{% set due = queue.due %}
{% set live = "r.finished_at is null and not r.held" %}
{% set claimable = live ~ " and (r.status = 'pending' or r.locked_until <= p_now)" %}
{% include "0006_claim.sql" %}

alter function nightshift.claim_{{ queue.table }} set plan_cache_mode to force_generic_plan;
alter function nightshift.claim_{{ queue.table }} set enable_seqscan to off;
drop function nightshift.hot_lanes_{{ queue.table }}, nightshift.pass_over_{{ queue.table }};
alter table queues drop column hot_lanes, drop column hot_from, drop column hot_until;
