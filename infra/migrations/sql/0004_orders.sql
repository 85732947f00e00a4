-- Note what a checkout session tells of its order; the product may have made the order first (order_id), else it is made
-- here. Answers the order's id.
create function nightshift.note_checkout(p_facts jsonb) returns uuid
language plpgsql as $$
declare
    f record;
    v_order orders;
    v_seen nightshift.watermark;
begin
    select * into f from jsonb_to_record(p_facts) as t(
        session_id text, payment_intent text, order_id uuid, user_id uuid, essence int, amount_total bigint, currency text,
        email text, subscription text, customer text, outcome text, at timestamptz, rank int, event_id text);
    -- The payment's row first: a payment event at the same moment either sees this order or is seen by it.
    if f.payment_intent is not null then
        insert into stripe_payments (payment_intent_id) values (f.payment_intent) on conflict do nothing;
        perform from stripe_payments where payment_intent_id = f.payment_intent for update;
    end if;

    if f.user_id is not null then
        insert into orders (id, user_id, stripe_checkout_session_id, essence)
        values (coalesce(f.order_id, nightshift.uuid7()), f.user_id, f.session_id, f.essence)
        on conflict do nothing;
    end if;
    select * into v_order from orders
    where stripe_checkout_session_id = f.session_id or id = f.order_id
    order by stripe_checkout_session_id = f.session_id desc nulls last
    limit 1 for update;
    if not found then
        raise foreign_key_violation using message = 'the checkout session names no user and no order that exists';
    end if;

    -- An expired session's snapshot is poorer than any other: it never replaces one.
    v_seen := row(f.outcome <> 'expired', f.at, f.rank, f.event_id);
    if coalesce(v_order.session_seen < v_seen, true) then
        v_order.session_seen := v_seen;
        v_order.amount_total := coalesce(f.amount_total, v_order.amount_total);
        v_order.currency := coalesce(f.currency, v_order.currency);
        v_order.email := coalesce(f.email, v_order.email);
    end if;
    update orders o
    set stripe_checkout_session_id = coalesce(o.stripe_checkout_session_id, f.session_id),
        stripe_payment_intent_id = coalesce(o.stripe_payment_intent_id, f.payment_intent),
        amount_total = v_order.amount_total, currency = v_order.currency, email = v_order.email,
        session_seen = v_order.session_seen,
        paid_at = least(o.paid_at, case f.outcome when 'paid' then f.at end),
        failed_at = greatest(o.failed_at, case f.outcome when 'failed' then f.at end),
        expired_at = greatest(o.expired_at, case f.outcome when 'expired' then f.at end)
    where o.id = v_order.id;
    if f.subscription is not null then
        perform nightshift.link_subscription(f.subscription, f.customer, v_order.user_id);
    end if;
    return v_order.id;
end
$$;

-- Note what an event tells of a payment. Answers the id of the order that it pays, if that is known yet.
create function nightshift.note_payment(p_facts jsonb) returns uuid
language plpgsql as $$
declare
    f record;
    v_order uuid;
begin
    select * into f from jsonb_to_record(p_facts) as t(
        payment_intent text, order_id uuid, amount bigint, currency text, amount_refunded bigint,
        paid_at timestamptz, failed_at timestamptz, refunded_at timestamptz, disputed_at timestamptz);
    insert into stripe_payments as p (payment_intent_id, amount, currency, amount_refunded, paid_at, failed_at, refunded_at, disputed_at)
    values (f.payment_intent, f.amount, f.currency, coalesce(f.amount_refunded, 0), f.paid_at, f.failed_at, f.refunded_at, f.disputed_at)
    on conflict (payment_intent_id) do update
    set amount = greatest(p.amount, excluded.amount), currency = coalesce(p.currency, excluded.currency),
        amount_refunded = greatest(p.amount_refunded, excluded.amount_refunded),
        paid_at = least(p.paid_at, excluded.paid_at), failed_at = greatest(p.failed_at, excluded.failed_at),
        refunded_at = greatest(p.refunded_at, excluded.refunded_at), disputed_at = least(p.disputed_at, excluded.disputed_at),
        updated_at = now();
    if f.order_id is not null then
        update orders set stripe_payment_intent_id = f.payment_intent
        where id = f.order_id and stripe_payment_intent_id is null;
    end if;
    select id into v_order from orders where stripe_payment_intent_id = f.payment_intent;
    return v_order;
end
$$;

-- Derive an order's status and its part of the ledger from what is known of it. Facts only accumulate, so the last event
-- of any order of arrival derives the same. Answers whether a receipt is due: once, as soon as the order is paid and an
-- address for it is known.
create function nightshift.settle_order(p_order uuid) returns boolean
language plpgsql as $$
declare
    o orders;
    p stripe_payments;
    v_returned boolean;
    v_receipt boolean;
    v_goal int;
    v_step int;
    v_taken int;
begin
    select * into o from orders where id = p_order for update;
    select * into p from stripe_payments where payment_intent_id = o.stripe_payment_intent_id;
    o.paid_at := least(o.paid_at, p.paid_at);
    o.failed_at := greatest(o.failed_at, p.failed_at);
    o.refunded_at := greatest(o.refunded_at, p.refunded_at);
    o.disputed_at := least(o.disputed_at, p.disputed_at);
    o.amount_refunded := greatest(o.amount_refunded, p.amount_refunded);
    v_returned := o.amount_refunded > 0 and o.amount_refunded >= coalesce(p.amount, o.amount_total, 0);
    o.status := case
        when o.disputed_at is not null then 'disputed'
        when v_returned then 'refunded'
        when o.paid_at is not null then 'paid'
        when o.expired_at >= coalesce(o.failed_at, o.expired_at) then 'expired'
        when o.failed_at is not null then 'failed'
        else 'pending' end;

    v_receipt := o.paid_at is not null and not o.receipted
        and coalesce(nullif(o.email, ''), (select nullif(u.email, '') from users u where u.id = o.user_id)) is not null;
    if o.paid_at is not null and o.essence_credited is null then
        o.essence_credited := 0;
        if o.user_id is not null then
            o.essence_credited := nightshift.move_essence(o.user_id, o.essence, 'essence_purchase', 'Essence bought', o.id, 0);
        end if;
    end if;
    -- By the whole amount returned so far, so that refunds in any order and number take back the same in the end.
    v_goal := case
        when v_returned or o.disputed_at is not null then o.essence_credited
        else floor(o.essence_credited::numeric * o.amount_refunded / greatest(coalesce(p.amount, o.amount_total), 1)) end;
    v_step := coalesce(v_goal, 0) - o.essence_taken - o.essence_owed;
    if v_step > 0 and o.user_id is not null then
        v_taken := -nightshift.move_essence(o.user_id, -v_step, 'essence_reversal', 'Essence taken back: the payment was returned', o.id, v_goal);
        o.essence_taken := o.essence_taken + v_taken;
        o.essence_owed := o.essence_owed + v_step - v_taken;
    end if;

    update orders
    set status = o.status, paid_at = o.paid_at, failed_at = o.failed_at, refunded_at = o.refunded_at,
        disputed_at = o.disputed_at, amount_refunded = o.amount_refunded, essence_credited = o.essence_credited,
        essence_taken = o.essence_taken, essence_owed = o.essence_owed,
        receipted = o.receipted or v_receipt, updated_at = now()
    where id = o.id;
    return v_receipt;
end
$$;
