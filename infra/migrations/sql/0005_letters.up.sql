-- Pages of runs over all jobs; one job's pages have an index of their own.
create index job_history_latest on job_history (started_at desc, id desc);

-- An error without what is personal in it: addresses, and numbers long enough for a chat or a phone. Errors that differ
-- in nothing else are one error.
create function nightshift.plain_error(p_error text) returns text
language sql immutable as $$
    select regexp_replace(
        regexp_replace(coalesce(p_error, 'no error recorded'), '[^[:space:]<>"'',;:()]+@[^[:space:]<>"'',;:()]+', '<address>', 'g'),
        '(?<![[:alnum:]_.-])[+-]?[0-9]{7,}(?![[:alnum:]_-])', '<number>', 'g')
$$;

{% include "0005_views.sql" %}

{% for queue in queues %}
{% include "0005_recall.sql" %}

{% endfor %}

{% include "0005_acts.sql" %}

{% include "0005_waves.sql" %}

revoke execute on all functions in schema nightshift from public;
