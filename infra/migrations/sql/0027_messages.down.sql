drop function nightshift.send_direct_message;
drop table direct_messages, conversation_members, direct_conversations;
