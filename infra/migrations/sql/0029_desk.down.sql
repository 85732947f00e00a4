drop function nightshift.restore, nightshift.redeliver;
drop view nightshift.queue_errors;
{% for queue in queues %}
drop function nightshift.restore_{{ queue.table }};
drop index {{ queue.table }}_failing, {{ queue.table }}_undone;
{% include "0029_discard.sql" %}

{% endfor %}
drop index email_queue_recipient;
drop function nightshift.fingerprint, nightshift.suppress_by_hand;
alter table email_suppressions drop column id;
