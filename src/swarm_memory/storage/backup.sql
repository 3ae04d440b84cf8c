-- A copy of the whole store at one moment, in a new file. Others may write meanwhile.
-- name: copy_into
VACUUM INTO :path;

-- name: check_whole
PRAGMA integrity_check(5);

-- name: facts
SELECT (SELECT count(*) FROM memories WHERE buried = 0), (SELECT count(*) FROM versions),
       (SELECT coalesce(max(seq), 0) FROM changes), (SELECT value FROM facts WHERE name = 'epoch'),
       (SELECT max(number) FROM migrations);

-- Another history begins: positions of the one before cannot be compared with those to come.
-- name: new_epoch
UPDATE facts SET value = lower(hex(randomblob(8))) WHERE name = 'epoch';
