{# Both ways: the settlement that takes rows that ended alike as one, or the one before it. #}
{% if not grouped %}
drop function nightshift.exchange_{{ queue.table }};
{% endif %}
drop function nightshift.settle_{{ queue.table }};
{% include "0006_settle.sql" %}

alter function nightshift.settle_{{ queue.table }} set plan_cache_mode to force_generic_plan;
alter function nightshift.settle_{{ queue.table }} set enable_seqscan to off;

{% if grouped %}
{% include "0016_exchange.sql" %}

{% endif %}
