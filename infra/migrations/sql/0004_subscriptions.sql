-- Make sure that a subscription has a row, and whose it is as soon as anything tells.
create function nightshift.link_subscription(p_subscription text, p_customer text, p_user uuid) returns void
language sql as $$
    insert into subscriptions as s (stripe_subscription_id, stripe_customer_id, user_id)
    values (p_subscription, p_customer, (select id from users where id = p_user))
    on conflict (stripe_subscription_id) do update
    set stripe_customer_id = coalesce(s.stripe_customer_id, excluded.stripe_customer_id),
        user_id = coalesce(s.user_id, excluded.user_id)
$$;

-- Copy a subscription as an event shows it, unless a later event was here before.
create function nightshift.mirror_subscription(p_facts jsonb) returns void
language plpgsql as $$
declare
    f record;
    v_seen nightshift.watermark;
begin
    select * into f from jsonb_to_record(p_facts) as t(
        subscription text, customer text, user_id uuid, status text, price_id text, current_period_end timestamptz,
        cancel_at_period_end boolean, canceled_at timestamptz, ended_at timestamptz,
        deleted boolean, at timestamptz, rank int, event_id text);
    perform nightshift.link_subscription(f.subscription, f.customer, f.user_id);
    v_seen := row(f.deleted, f.at, f.rank, f.event_id);
    update subscriptions s
    set status = f.status, price_id = f.price_id, current_period_end = f.current_period_end,
        cancel_at_period_end = f.cancel_at_period_end, canceled_at = f.canceled_at, ended_at = f.ended_at,
        seen = v_seen, updated_at = now()
    where s.stripe_subscription_id = f.subscription and coalesce(s.seen < v_seen, true);
end
$$;

-- Note how a subscription's latest invoice stands. Of one invoice, paid is final. Answers whether that was news.
create function nightshift.mirror_invoice(p_facts jsonb) returns boolean
language plpgsql as $$
declare
    f record;
begin
    select * into f from jsonb_to_record(p_facts) as t(
        subscription text, customer text, invoice text, invoice_created timestamptz, status text);
    perform nightshift.link_subscription(f.subscription, f.customer, null);
    update subscriptions s
    set latest_invoice_id = f.invoice, latest_invoice_created = f.invoice_created, latest_invoice_status = f.status,
        updated_at = now()
    where s.stripe_subscription_id = f.subscription
      and coalesce((s.latest_invoice_created, s.latest_invoice_id, s.latest_invoice_status = 'paid')
                   < (f.invoice_created, f.invoice, f.status = 'paid'), true);
    return found;
end
$$;
