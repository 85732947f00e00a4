drop function nightshift.apply_stripe_event, nightshift.note_checkout, nightshift.note_payment, nightshift.settle_order,
    nightshift.move_essence, nightshift.link_subscription, nightshift.mirror_subscription, nightshift.mirror_invoice,
    nightshift.safe_json;
drop table subscriptions, essence_transactions, furniture_essence, orders, stripe_payments, webhook_events;
drop type nightshift.watermark;
