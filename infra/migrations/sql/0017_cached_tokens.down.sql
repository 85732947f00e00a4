drop function nightshift.write_recaps;
{% include "0015_write.sql" %}

drop index pending_responses_user;
update daily_summaries
set input_tokens = input_tokens + cache_creation_input_tokens + cache_read_input_tokens
where cache_creation_input_tokens + cache_read_input_tokens > 0;
alter table daily_summaries drop column cache_creation_input_tokens, drop column cache_read_input_tokens;
comment on column daily_summaries.input_tokens is null;

revoke execute on all functions in schema nightshift from public, anon, authenticated;
grant execute on all functions in schema nightshift to service_role;
grant execute on function nightshift.uuid7() to authenticated;
