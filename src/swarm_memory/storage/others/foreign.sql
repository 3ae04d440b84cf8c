-- Databases of other programs. Their tables are not of this program's schema.

-- name: harmless
PRAGMA trusted_schema = OFF;

-- Tables only: a view could do anything.
-- name: columns
SELECT one.name, field.name FROM sqlite_master AS one, pragma_table_info(one.name) AS field
 WHERE one.type = 'table' AND one.name NOT LIKE 'sqlite\_%' ESCAPE '\' LIMIT 20000;

-- {table} is the name of a table that is there, quoted.
-- name: count
SELECT count(*) FROM {table};
