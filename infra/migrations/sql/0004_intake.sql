{% include "0004_apply.sql" %}

-- A body as jsonb for people and programs that look into the retry queue. JSON that jsonb cannot hold (an escaped NUL,
-- half a surrogate pair, too deep a nesting) is kept as text.
create function nightshift.safe_json(p_body text) returns jsonb
language plpgsql immutable as $$
begin
    return p_body::jsonb;
exception when others then
    return jsonb_build_object('raw', p_body);
end
$$;
