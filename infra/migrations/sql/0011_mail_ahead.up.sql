drop function nightshift.take_stripe_events, nightshift.take_stripe_event;

{% include "0011_mail.sql" %}

{% include "0011_take.sql" %}

{% include "0011_crowd.sql" %}

revoke execute on all functions in schema nightshift from public;

-- One plan each for the session's life, by index whatever the tables held when it was made; the functions below plan so too.
{% for function in ("take_stripe_event", "take_stripe_events") %}
alter function nightshift.{{ function }} set plan_cache_mode to force_generic_plan;
alter function nightshift.{{ function }} set enable_seqscan to off;
{% endfor %}
