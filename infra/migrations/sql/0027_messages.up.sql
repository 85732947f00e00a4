-- One conversation for each pair. Who leaves is null here, and takes along what they wrote; what the other one wrote stays
-- theirs. When both have left, cleanup-stale deletes the row.
create table direct_conversations (
    id uuid primary key default nightshift.uuid7(),
    low_id uuid references users on delete set null,
    high_id uuid references users on delete set null,
    messages int not null default 0 check (messages >= 0),
    last_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    constraint direct_conversations_pair check (low_id < high_id),
    unique (low_id, high_id)
);
comment on column direct_conversations.low_id is 'The lesser of the two ids, so that a pair has one conversation whoever opens it.';
comment on column direct_conversations.messages is 'How many were ever sent: the number of the newest.';
comment on column direct_conversations.last_at is 'When the newest message was sent; without one, when it was opened.';
create index direct_conversations_high on direct_conversations (high_id);
create index direct_conversations_left on direct_conversations (created_at) where low_id is null and high_id is null;

-- What is unread is a difference of two counters, so nobody counts messages.
create table conversation_members (
    conversation_id uuid not null references direct_conversations on delete cascade,
    user_id uuid not null references users on delete cascade,
    sent int not null default 0 check (sent >= 0),
    seen int not null default 0 check (seen >= 0),
    primary key (conversation_id, user_id)
);
comment on column conversation_members.sent is 'Messages that this member sent.';
comment on column conversation_members.seen is 'Messages of the other one that this member has read: never fewer than before.';
create index conversation_members_user on conversation_members (user_id);

-- Numbers of a conversation follow each other in the order of commits, so a number is the place in the list, whatever the
-- clock says.
create table direct_messages (
    conversation_id uuid not null references direct_conversations on delete cascade,
    number int not null check (number > 0),
    sender_id uuid not null references users on delete cascade,
    nth int not null,
    client_id uuid not null,
    content text not null,
    created_at timestamptz not null,
    primary key (conversation_id, number),
    unique (sender_id, conversation_id, client_id),
    constraint direct_messages_nth check (nth between 1 and number),
    constraint direct_messages_content check (char_length(content) <= 1000 and content ~ '\S')
);
comment on column direct_messages.nth is 'Its number among those of its sender; number - nth is how many the other one had sent by then.';
comment on column direct_messages.client_id is 'Chosen by the sender''s app: what is sent again under it is the same message.';

-- Send a message, once for each client id; answers the message, and whether it is new. No row: not a member.
create function nightshift.send_direct_message(p_conversation uuid, p_sender uuid, p_client uuid, p_content text)
returns table (number int, sender_id uuid, client_id uuid, content text, created_at timestamptz, created boolean)
language plpgsql as $$
#variable_conflict use_column
declare
    v_number int;
begin
    -- Senders of one conversation wait for each other here: numbers and times have one order.
    perform from direct_conversations where id = p_conversation for no key update;
    if not exists (select from conversation_members where conversation_id = p_conversation and user_id = p_sender) then
        return;
    end if;
    select m.number into v_number from direct_messages m
    where m.sender_id = p_sender and m.conversation_id = p_conversation and m.client_id = p_client;
    created := not found;
    if created then
        with conversation as (
            update direct_conversations set messages = messages + 1, last_at = greatest(last_at, clock_timestamp())
            where id = p_conversation returning messages, last_at
        ), member as (
            update conversation_members set sent = sent + 1
            where conversation_id = p_conversation and user_id = p_sender returning sent
        )
        insert into direct_messages (conversation_id, number, sender_id, nth, client_id, content, created_at)
        select p_conversation, c.messages, p_sender, m.sent, p_client, p_content, c.last_at
        from conversation c, member m
        returning direct_messages.number into v_number;
    end if;
    return query
        select m.number, m.sender_id, m.client_id, m.content, m.created_at, created
        from direct_messages m where m.conversation_id = p_conversation and m.number = v_number;
end
$$;

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
