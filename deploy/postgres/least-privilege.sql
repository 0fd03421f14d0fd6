-- The roles of zkvault's database: one owns the schema and migrates, the other runs the server and can neither change
-- the schema nor the audit log's past. Run once, as a superuser, in the empty database:
--   psql --dbname zkvault --file least-privilege.sql
-- with the passwords in OWNER_PASSWORD and SERVER_PASSWORD of its environment: arguments are seen by every user of the
-- machine. Needs psql 15 or newer.
--
-- Then: DATABASE_URL of `zkvault-server migrate` has zkvault_owner, DATABASE_URL of the server has zkvault_server.
\set ON_ERROR_STOP on
\getenv owner_password OWNER_PASSWORD
\getenv server_password SERVER_PASSWORD

create role zkvault_owner login password :'owner_password' nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
create role zkvault_server login password :'server_password' nosuperuser nocreatedb nocreaterole noreplication nobypassrls;
alter role zkvault_server set statement_timeout = '30s';
alter role zkvault_server set idle_in_transaction_session_timeout = '30s';

revoke all on schema public from public;
grant usage, create on schema public to zkvault_owner;
grant usage on schema public to zkvault_server;

-- Whatever the owner makes, now and later.
alter default privileges for role zkvault_owner in schema public
  grant select, insert, update, delete on tables to zkvault_server;
alter default privileges for role zkvault_owner in schema public
  grant usage, select on sequences to zkvault_server;
grant select, insert, update, delete on all tables in schema public to zkvault_server;
