-- One fate, as settle takes them.
create or replace function nightshift.fate(p_id uuid, p_fate text, p_why text default null, p_receipt text default null) returns jsonb
language sql immutable as $$
    select jsonb_strip_nulls(jsonb_build_array(jsonb_build_object(
{% if grouped %}
        'ids', array[p_id], 'attempt', jsonb_build_object('fate', p_fate, 'why', p_why),
        'receipts', case when p_receipt is not null then array[p_receipt] end)))
{% else %}
        'id', p_id, 'attempt', jsonb_build_object('fate', p_fate, 'why', p_why), 'receipt', p_receipt)))
{% endif %}
$$;

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
