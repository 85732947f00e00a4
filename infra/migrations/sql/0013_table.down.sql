{# Nothing is opened again: a table without its policy is for its owner and service_role. #}
drop policy {{ access.policy }} on {{ access.table }};
alter table {{ access.table }} disable row level security;
revoke all on {{ access.table }} from authenticated;
