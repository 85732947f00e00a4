{# How the rows of a source count: kind, bucket, user_id, entries, done, micros. Triggers and the recount share it. #}
{% macro day(moment) %}nightshift.bucket(({{ moment }} at time zone 'utc')::date){% endmacro %}
{% macro week(day) %}nightshift.bucket(date_trunc('week', ({{ day }})::timestamp)::date){% endmacro %}
{% macro facts(source, rows) %}
{% if source == "session_analytics_events" %}
select 'events' as kind, {{ day("created_at") }} as bucket, user_id, 1 as entries, 0 as done, 0::bigint as micros
from {{ rows }}
union all
select 'opened', {{ week("created_at at time zone 'utc'") }}, user_id, 1, 0, 0
from {{ rows }} where event_type = 'explanation_opened'
{% elif source == "user_study_log" %}
select 'track' as kind, track_id::text as bucket, user_id, 1 as entries, is_completed::int as done, 0::bigint as micros
from {{ rows }}
union all
select 'study', nightshift.bucket(study_date), user_id, 1, 1, 0
from {{ rows }} where is_completed
{% elif source == "learning_path" %}
select node_type as kind, {{ week("unlock_date") }} as bucket, user_id, 1 as entries,
       (completed_at is not null)::int as done,
       coalesce((extract(epoch from completed_at - unlock_date::timestamp at time zone 'utc') * 1000000)::bigint, 0) as micros
from {{ rows }}
{% endif %}
{% endmacro %}
