{% include "0008_orders.sql" %}

{% include "0008_effects.sql" %}

{% include "0008_event.sql" %}

{% include "0008_crowd.sql" %}

revoke execute on all functions in schema nightshift from public;

-- One plan each for the session's life, by index whatever the tables held when it was made; the functions below plan so too.
{% for function in ("take_stripe_event", "take_stripe_events", "apply_stripe_event") %}
alter function nightshift.{{ function }} set plan_cache_mode to force_generic_plan;
alter function nightshift.{{ function }} set enable_seqscan to off;
{% endfor %}
