{# A claim changes no column that an index of {{ queue.table }} mentions, so it writes the row and nothing else (a HOT
   update). The exception: one_in_flight of the lanes. #}
{% set due = queue.due %}
{% set live = "r.finished_at is null and not r.held" %}
{% set claimable = live ~ " and (r.status = 'pending' or r.locked_until <= p_now)" %}
-- A generated column makes each change of a row form it twice, so the constraint says what the expression said.
alter table {{ queue.table }}
    alter column {{ queue.done_at }} drop expression,
    add constraint {{ queue.table }}_{{ queue.done_at }} check ((status = '{{ queue.done }}') = ({{ queue.done_at }} is not null));

-- The claim's index, in the order that claims want: leased rows stay in it, finished and held ones are not in it.
create index {{ queue.table }}_due on {{ queue.table }} (({{ queue.due }}), id) where finished_at is null and not held;
drop index {{ queue.table }}_dead, {{ queue.table }}_done;
create index {{ queue.table }}_done on {{ queue.table }} (finished_at) where finished_at is not null;
create index {{ queue.table }}_dead on {{ queue.table }} (finished_at) where finished_at is not null and {{ queue.done_at }} is null;
-- Their equal entries are versions of one row, which go by themselves: looking for them costs more than it saves.
alter index {{ queue.table }}_pkey set (deduplicate_items = off);
{% if queue.table == 'webhook_retry_queue' %}
alter index {{ queue.table }}_event set (deduplicate_items = off);
{% elif queue.lane %}
alter index {{ queue.table }}_lane set (deduplicate_items = off);
alter index {{ queue.table }}_held set (deduplicate_items = off);
{% endif %}
-- Room in each page for the second version of all of its rows, so that a claim of neighbours finds it.
alter table {{ queue.table }} set (fillfactor = 50);

{% if queue.lane %}
drop function nightshift.park_{{ queue.table }};
{% include "0006_park.sql" %}

{% endif %}
{% include "0006_claim.sql" %}

drop function nightshift.settle_{{ queue.table }};
{% include "0006_settle.sql" %}

-- One plan each for the session's life, by index whatever the table held when it was made: a fresh plan for every batch
-- costs as much as ten rows, and one that was made while the table was small would read all of it when it has grown.
{% for function in ("claim", "settle") %}
alter function nightshift.{{ function }}_{{ queue.table }} set plan_cache_mode to force_generic_plan;
alter function nightshift.{{ function }}_{{ queue.table }} set enable_seqscan to off;
{% endfor %}
