drop table email_suppressions;
