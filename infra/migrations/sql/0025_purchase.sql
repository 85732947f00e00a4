-- Buy an item, for oneself or as a gift: all of it or nothing. `repeated` says that the key had its purchase before.
-- The purse is locked first, so the purchases of one user come one after the other, and a key that is in use elsewhere
-- at this moment is seen with its answer. A refusal is not kept: it did nothing, and later it may go well.
create function nightshift.purchase_item(
    p_user uuid, p_item uuid, p_is_gift boolean, p_recipient uuid, p_message text, p_key text,
    out answer json, out repeated boolean
)
language plpgsql as $$
declare
    v_request bytea := sha256(convert_to(jsonb_build_array(p_item, p_is_gift, p_recipient, p_message)::text, 'UTF8'));
    v_known record;
    v_balance int;
    v_item record;
    v_refusal text;
    v_inventory uuid;
begin
    select e.balance into v_balance from furniture_essence e where e.user_id = p_user for update;
    select t.request, t.answer into v_known from essence_transactions t
    where t.user_id = p_user and t.idempotency_key = p_key;
    repeated := found;
    if repeated and v_known.request = v_request then
        answer := v_known.answer;
        return;
    end if;

    select i.name, i.essence_cost as cost into v_item from items i
    where i.id = p_item and i.is_available and i.is_purchasable;
    v_refusal := case
        when repeated then 'idempotency_conflict'
        when not p_is_gift and p_recipient is not null then 'not_a_gift'
        when p_is_gift and p_recipient = p_user then 'self_gift'
        when v_item.cost is null then 'item_not_found'
        when p_is_gift and not exists (select from users u where u.id = p_recipient) then 'recipient_not_found'
        when v_balance is null then 'no_essence_record'
        when v_balance < v_item.cost then 'insufficient_essence'
    end;
    if v_refusal is not null then
        answer := json_build_object('success', false, 'error', v_refusal);
        return;
    end if;

    update furniture_essence e
    set balance = e.balance - v_item.cost, total_spent = e.total_spent + v_item.cost, updated_at = clock_timestamp()
    where e.user_id = p_user;
    insert into user_items (user_id, item_id, acquired_at, acquisition_type, gifted_by, gift_message)
    values (coalesce(p_recipient, p_user), p_item, clock_timestamp(), case when p_is_gift then 'gift' else 'purchased' end,
            case when p_is_gift then p_user end, case when p_is_gift then p_message end)
    returning id into v_inventory;
    answer := json_build_object('success', true, 'inventory_id', v_inventory, 'new_balance', v_balance - v_item.cost,
                                'item_name', v_item.name, 'cost', v_item.cost);
    insert into essence_transactions (user_id, amount, transaction_type, description, related_item_id, created_at,
                                      idempotency_key, request, answer)
    values (p_user, -v_item.cost, case when p_is_gift then 'item_gift' else 'item_purchase' end,
            case when p_is_gift then 'Gifted ' else 'Purchased ' end || v_item.name, p_item, clock_timestamp(),
            p_key, case when p_key is not null then v_request end, case when p_key is not null then answer end);
end
$$;

create function purchase_item_atomic(
    p_user_id uuid, p_item_id uuid, p_is_gift boolean default false, p_recipient_id uuid default null,
    p_gift_message text default null, p_idempotency_key text default null
) returns json
language sql as $$
    select answer from nightshift.purchase_item(
        p_user_id, p_item_id, coalesce(p_is_gift, false), p_recipient_id, p_gift_message, p_idempotency_key)
$$;
comment on function purchase_item_atomic is
    'Buy an item, for oneself or as a gift: the price, the inventory row and the ledger in one transaction, under a lock on '
    'the purse. For the server alone: it believes p_user_id. Answers {success, inventory_id, new_balance, item_name, cost}, '
    'or {success: false, error} with item_not_found, no_essence_record, insufficient_essence, recipient_not_found, '
    'self_gift, not_a_gift (a recipient without p_is_gift) or idempotency_conflict. An idempotency key is of one user and '
    'one purchase: asked for again it answers the same and does nothing, asked for something else it is a conflict.';
