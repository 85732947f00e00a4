drop function if exists nightshift.cosine_distance;
drop function nightshift.nearest_messages, nightshift.delete_expired_registrations,
    nightshift.change_score;
drop table message_embeddings, daily_summaries, score_history, chapter_rules, conversations, user_vice_preferences,
    user_metrics, pending_registrations;
drop function nightshift.search_words, nightshift.message_text;

drop index users_email;
alter table users
    drop constraint users_email_length, drop constraint users_phone_length,
    drop constraint users_display_name_length, drop constraint users_username_length;
drop trigger users_timezone on users;
drop function nightshift.refuse_unknown_timezone, nightshift.is_timezone;

-- Only what we installed, and nothing that somebody else has begun to use.
do $$
declare
    v_drop text;
begin
    for v_drop in
        select format('drop extension %I', extname) from pg_extension
        where obj_description(oid, 'pg_extension') = 'Installed by Nightshift.'
        union all
        select 'drop schema extensions'
        where obj_description(to_regnamespace('extensions'), 'pg_namespace') = 'Made by Nightshift.'
    loop
        begin
            execute v_drop;
        exception when dependent_objects_still_exist then
            raise notice 'not done, since others use it: %', v_drop;
        end;
    end loop;
end
$$;
