-- One message, as a point of 1536 dimensions. With the extension `vector` an index finds the nearest; without it each of
-- the user's own is looked at. `nightshift.nearest_messages` answers the same either way.
create table message_embeddings (
    id uuid primary key default nightshift.uuid7(),
    user_id uuid not null references users on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    message_text text not null,
    role text not null check (length(role) between 1 and 32),
{% if vector %}
    embedding extensions.vector(1536) not null,
{% else %}
    embedding real[] not null constraint message_embeddings_dimensions
        check (array_ndims(embedding) = 1 and cardinality(embedding) = 1536 and array_position(embedding, null) is null),
{% endif %}
    created_at timestamptz not null default now()
);
create index message_embeddings_user on message_embeddings (user_id);
create index message_embeddings_conversation on message_embeddings (conversation_id);

{% if vector %}
create index message_embeddings_nearest on message_embeddings using hnsw (embedding extensions.vector_cosine_ops);
{% else %}
create function nightshift.cosine_distance(p_one real[], p_other real[]) returns double precision
language sql immutable parallel safe as $$
    select 1 - sum(a::double precision * b)
        / nullif(sqrt(sum(a::double precision * a)) * sqrt(sum(b::double precision * b)), 0)
    from unnest(p_one, p_other) as pairs(a, b)
$$;
{% endif %}

-- The user's messages nearest to a point, nearest first; distance is 0 for the same direction, 2 for the opposite.
create function nightshift.nearest_messages(p_user uuid, p_embedding real[], p_limit int)
returns table (id uuid, conversation_id uuid, role text, message_text text, distance double precision)
language plpgsql stable as $$
begin
    return query
{% if vector %}
    select m.id, m.conversation_id, m.role, m.message_text,
        (m.embedding operator(extensions.<=>) p_embedding::extensions.vector(1536))
    from message_embeddings m
    where m.user_id = p_user
    order by m.embedding operator(extensions.<=>) p_embedding::extensions.vector(1536)
{% else %}
    select m.id, m.conversation_id, m.role, m.message_text, nightshift.cosine_distance(m.embedding, p_embedding)
    from message_embeddings m
    where m.user_id = p_user
    order by nightshift.cosine_distance(m.embedding, p_embedding)
{% endif %}
    limit p_limit;
end
$$;
-- How many rows a user has decides between the index and a look at all of them: planned for each user.
alter function nightshift.nearest_messages set plan_cache_mode to force_custom_plan;
{% if scans_on %}
-- The index knows no users: it goes on until enough rows are of the right one.
alter function nightshift.nearest_messages set hnsw.iterative_scan to strict_order;
{% endif %}
