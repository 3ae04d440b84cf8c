-- What retention takes out, as part of a purge: facts has 'purging', the time of the one that runs, 0 where none is due.

-- The newest changes stay, whatever their age: freshness and cursors are told by the last number.
-- name: cut_changes
DELETE FROM changes
 WHERE seq <= (SELECT max(seq) FROM changes) - :keep AND seq < (SELECT min(seq) FROM changes) + 50000
   AND (SELECT value FROM facts WHERE name = 'purging') > 0;

-- Past versions are looked through in parts of some 500, round and round: behind the memory 'history_at' up to 'history_to'.
-- name: part_of_history
INSERT OR REPLACE INTO facts (name, value)
SELECT 'history_to', coalesce(max(memory), 0) FROM (
  SELECT memory FROM versions
   WHERE memory > (SELECT coalesce(max(value), 0) FROM facts WHERE name = 'history_at')
     AND (SELECT value FROM facts WHERE name = 'purging') > 0
   ORDER BY memory LIMIT 500);

-- A version is as old as what replaced it.
-- name: cut_history
DELETE FROM versions
 WHERE memory > (SELECT coalesce(max(value), 0) FROM facts WHERE name = 'history_at')
   AND memory <= (SELECT value FROM facts WHERE name = 'history_to')
   AND coalesce((SELECT next.at FROM versions AS next
                  WHERE next.memory = versions.memory AND next.version = versions.version + 1),
                (SELECT updated_at FROM memories WHERE num = versions.memory))
       <= (SELECT value FROM facts WHERE name = 'purging') - :age;

-- name: next_part_of_history
INSERT OR REPLACE INTO facts (name, value) SELECT 'history_at', value FROM facts WHERE name = 'history_to';

-- For a compaction: a purge is due now.
-- name: purge_now
UPDATE facts SET value = (SELECT now FROM clock) WHERE name = 'purging';

-- name: from_the_first_version
DELETE FROM facts WHERE name = 'history_at';

-- Whether another part is left: of what has expired, of changes, of past versions.
-- name: is_left
SELECT EXISTS (SELECT 1 FROM memories WHERE buried = 0 AND expires_at < 9999999999999 AND expires_at <= :now),
       EXISTS (SELECT 1 FROM versions WHERE expires_at BETWEEN 1 AND 9999999999998 AND expires_at <= :now),
       (SELECT max(seq) FROM changes) - (SELECT min(seq) FROM changes) >= :keep,
       (SELECT coalesce(max(value), 0) FROM facts WHERE name = 'history_at') > 0;
