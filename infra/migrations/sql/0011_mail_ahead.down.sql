drop function nightshift.take_stripe_events, nightshift.take_stripe_event, nightshift.keep_stripe_event,
    nightshift.queue_stripe_mail;

{% include "0008_event.sql" %}

{% include "0008_crowd.sql" %}

revoke execute on all functions in schema nightshift from public;

{% for function in ("take_stripe_event", "take_stripe_events") %}
alter function nightshift.{{ function }} set plan_cache_mode to force_generic_plan;
alter function nightshift.{{ function }} set enable_seqscan to off;
{% endfor %}
