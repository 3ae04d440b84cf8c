-- name: refuse_known_request
INSERT INTO refusal SELECT 1 FROM requests
 WHERE scope = :scope AND id = :id AND at > (SELECT now FROM clock) - 86400000;

-- name: record_request
INSERT OR REPLACE INTO requests (scope, id, call, at) SELECT :scope, :id, :call, now FROM clock;

-- The outcome of one operation, appended to those of the request. {outcome} is a SELECT of one JSON value.
-- name: record_outcome
UPDATE requests SET outcome = json_insert(outcome, '$[#]', json(({outcome}))) WHERE scope = :scope AND id = :id
RETURNING json_extract(outcome, '$[#-1]');

-- name: first_outcome
SELECT call, outcome FROM requests WHERE scope = :scope AND id = :id;

-- What is past its time leaves the indexes, 200 rows at a time, at most once a minute: due_for_purge says which.

-- name: purge_index
INSERT INTO memory_index (memory_index, rowid, title, tags, attributes, body, who)
SELECT 'delete', num, coalesce(key, topic), tags, attributes, coalesce(body, content), agent
  FROM memories WHERE num IN (SELECT num FROM due_for_purge);

-- name: purge_tags
DELETE FROM memory_tags
 WHERE (tag, memory) IN (SELECT value, num FROM due_for_purge JOIN memories USING (num), json_each(memories.tags));

-- name: purge_changes
INSERT INTO changes (kind, op, ref, actor, at)
SELECT 'memory', 'expire', id, NULL, now FROM clock, memories WHERE num IN (SELECT num FROM due_for_purge);

-- name: purge_memories
UPDATE memories SET buried = 1, expires_at = 0, content = '', format = 'text', body = NULL, size = 0, tags = '[]',
       attributes = '{}', topic = NULL, digest = NULL
 WHERE num IN (SELECT num FROM due_for_purge);

-- name: purge_versions
DELETE FROM versions
 WHERE (memory, version) IN (SELECT memory, version FROM versions
                              WHERE expires_at BETWEEN 1 AND (SELECT now FROM clock) LIMIT 200)
   AND (SELECT value FROM facts WHERE name = 'purged_at') <= (SELECT now FROM clock) - 60000;

-- name: purge_requests
DELETE FROM requests
 WHERE (scope, id) IN (SELECT scope, id FROM requests WHERE at <= (SELECT now FROM clock) - 86400000 LIMIT 200)
   AND (SELECT value FROM facts WHERE name = 'purged_at') <= (SELECT now FROM clock) - 60000;

-- name: note_purge
UPDATE facts SET value = (SELECT now FROM clock)
 WHERE name = 'purged_at' AND value <= (SELECT now FROM clock) - 60000;
