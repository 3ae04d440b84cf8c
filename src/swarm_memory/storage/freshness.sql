-- Where a copy of the store is in its history: last change, whose history it is, and by which schema.
-- name: position
SELECT (SELECT coalesce(max(seq), 0) FROM changes), (SELECT value FROM facts WHERE name = 'epoch'),
       (SELECT max(number) FROM migrations);

-- name: position_and_time
SELECT (SELECT coalesce(max(seq), 0) FROM changes), (SELECT value FROM facts WHERE name = 'epoch'),
       (SELECT max(number) FROM migrations), CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER);
