-- Change a user's balance on behalf of an order and write it down. A balance never goes below zero: answers how much was
-- really moved. p_step tells the parts of one order apart (essence_transactions.order_step).
create function nightshift.move_essence(
    p_user uuid, p_amount int, p_type text, p_description text, p_order uuid, p_step int
) returns int
language plpgsql as $$
declare
    v_moved int;
begin
    insert into furniture_essence (user_id) values (p_user) on conflict (user_id) do nothing;
    select greatest(p_amount, -balance) into v_moved from furniture_essence where user_id = p_user for update;
    if v_moved = 0 then
        return 0;
    end if;
    update furniture_essence
    set balance = balance + v_moved, total_earned = greatest(total_earned + v_moved, 0), updated_at = now()
    where user_id = p_user;
    insert into essence_transactions (user_id, amount, transaction_type, description, order_id, order_step)
    values (p_user, v_moved, p_type, p_description, p_order, p_step);
    return v_moved;
end
$$;
