-- Each kind has a price of its own.
alter table daily_summaries
    add column cache_creation_input_tokens int not null default 0 check (cache_creation_input_tokens >= 0),
    add column cache_read_input_tokens int not null default 0 check (cache_read_input_tokens >= 0);
comment on column daily_summaries.input_tokens is 'At the full price; until 0017 all that were read, cached or not.';

create index pending_responses_user on pending_responses (user_id);

drop function nightshift.write_recaps;
{% include "0015_write.sql" %}

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
