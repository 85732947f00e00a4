alter index {{ queue.table }}_pkey reset (deduplicate_items);
{% if queue.table == 'webhook_retry_queue' %}
alter index {{ queue.table }}_event reset (deduplicate_items);
{% elif queue.lane %}
alter index {{ queue.table }}_lane reset (deduplicate_items);
alter index {{ queue.table }}_held reset (deduplicate_items);
{% endif %}
drop index {{ queue.table }}_due, {{ queue.table }}_dead, {{ queue.table }}_done;
alter table {{ queue.table }}
    drop column {{ queue.done_at }},
    add column {{ queue.done_at }} timestamptz
        generated always as (case when status = '{{ queue.done }}' then finished_at end) stored;
create index {{ queue.table }}_dead on {{ queue.table }} (finished_at) where status = '{{ queue.dead }}';
create index {{ queue.table }}_done on {{ queue.table }} (finished_at)
    where status in ('{{ queue.done }}'{% if queue.skipped %}, '{{ queue.skipped }}'{% endif %}, 'discarded');

drop function nightshift.claim_{{ queue.table }}, nightshift.settle_{{ queue.table }}, nightshift.bury_{{ queue.table }},
    nightshift.next_wake_{{ queue.table }};
{% if queue.lane %}
drop function nightshift.park_{{ queue.table }}, nightshift.release_{{ queue.table }}, nightshift.sweep_{{ queue.table }};
{% endif %}
{% include "0002_claim.sql" %}

{% include "0002_settle.sql" %}
