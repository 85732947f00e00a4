-- Make sure that a subscription has a row, and whose it is as soon as anything tells; it is written only for news.
create or replace function nightshift.link_subscription(p_subscription text, p_customer text, p_user uuid) returns void
language plpgsql as $$
begin
    insert into subscriptions as s (stripe_subscription_id, stripe_customer_id, user_id)
    values (p_subscription, p_customer, (select id from users where id = p_user))
    on conflict (stripe_subscription_id) do update
    set stripe_customer_id = coalesce(s.stripe_customer_id, excluded.stripe_customer_id),
        user_id = coalesce(s.user_id, excluded.user_id)
    where (s.stripe_customer_id is null and excluded.stripe_customer_id is not null)
       or (s.user_id is null and excluded.user_id is not null);
end
$$;

-- Change a user's balance on behalf of an order and write it down. A balance never goes below zero: answers how much was
-- really moved. p_step tells the parts of one order apart (essence_transactions.order_step).
create or replace function nightshift.move_essence(
    p_user uuid, p_amount int, p_type text, p_description text, p_order uuid, p_step int
) returns int
language plpgsql as $$
declare
    v_moved int := p_amount;
begin
    if p_amount > 0 then
        insert into furniture_essence as e (user_id, balance, total_earned) values (p_user, p_amount, p_amount)
        on conflict (user_id) do update
        set balance = e.balance + p_amount, total_earned = e.total_earned + p_amount, updated_at = now();
    else
        insert into furniture_essence (user_id) values (p_user) on conflict (user_id) do nothing;
        select greatest(p_amount, -balance) into v_moved from furniture_essence where user_id = p_user for update;
        if v_moved = 0 then
            return 0;
        end if;
        update furniture_essence
        set balance = balance + v_moved, total_earned = greatest(total_earned + v_moved, 0), updated_at = now()
        where user_id = p_user;
    end if;
    insert into essence_transactions (user_id, amount, transaction_type, description, order_id, order_step)
    values (p_user, v_moved, p_type, p_description, p_order, p_step);
    return v_moved;
end
$$;

-- Note what a checkout session tells of its order; the product may have made the order first (order_id), else it is made
-- here, with all that is told. Answers the order's id.
create or replace function nightshift.note_checkout(p_facts jsonb) returns uuid
language plpgsql as $$
declare
    f record;
    v_order orders;
    v_new uuid;
    v_seen nightshift.watermark;
begin
    select * into f from jsonb_to_record(p_facts) as t(
        session_id text, payment_intent text, order_id uuid, user_id uuid, essence int, amount_total bigint, currency text,
        email text, subscription text, customer text, outcome text, at timestamptz, rank int, event_id text);
    -- The payment's row first: a payment event at the same moment either sees this order or is seen by it.
    if f.payment_intent is not null then
        insert into stripe_payments (payment_intent_id) values (f.payment_intent) on conflict do nothing;
        if not found then
            perform from stripe_payments where payment_intent_id = f.payment_intent for update;
        end if;
    end if;

    -- An expired session's snapshot is poorer than any other: it never replaces one.
    v_seen := row(f.outcome <> 'expired', f.at, f.rank, f.event_id);
    if f.user_id is not null then
        insert into orders (id, user_id, stripe_checkout_session_id, stripe_payment_intent_id, essence, amount_total, currency,
                            email, session_seen, paid_at, failed_at, expired_at)
        values (coalesce(f.order_id, nightshift.uuid7()), f.user_id, f.session_id, f.payment_intent, f.essence, f.amount_total,
                f.currency, f.email, v_seen, case f.outcome when 'paid' then f.at end,
                case f.outcome when 'failed' then f.at end, case f.outcome when 'expired' then f.at end)
        on conflict do nothing
        returning id into v_new;
    end if;
    if v_new is null then
        select * into v_order from orders where stripe_checkout_session_id = f.session_id for update;
        if not found then
            select * into v_order from orders where id = f.order_id for update;
        end if;
        if not found then
            raise foreign_key_violation using message = 'the checkout session names no user and no order that exists';
        end if;
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
    end if;
    if f.subscription is not null then
        perform nightshift.link_subscription(f.subscription, f.customer, case when v_new is null then v_order.user_id else f.user_id end);
    end if;
    return coalesce(v_new, v_order.id);
end
$$;
