drop function nightshift.take_stripe_events, nightshift.take_stripe_event, nightshift.apply_stripe_event,
    nightshift.apply_stripe_facts,
    nightshift.note_checkout, nightshift.note_payment, nightshift.settle_order, nightshift.move_essence,
    nightshift.link_subscription, nightshift.mirror_subscription, nightshift.mirror_invoice;

{% include "0004_essence.sql" %}

{% include "0004_orders.sql" %}

{% include "0004_subscriptions.sql" %}

{% include "0004_apply.sql" %}

revoke execute on all functions in schema nightshift from public;
