-- name: refuse_known_request
INSERT INTO refusal SELECT 1 FROM requests
 WHERE scope = :scope AND id = :id AND at > (SELECT now FROM clock) - 86400000;

-- :used milliseconds of the 24 hours for which an id is known count as passed already.
-- name: record_request
INSERT OR REPLACE INTO requests (scope, id, call, at) SELECT :scope, :id, :call, now - :used FROM clock;

-- The outcome of one operation, appended to those of the request. {outcome} is a SELECT of one JSON value.
-- name: record_outcome
UPDATE requests SET outcome = json_insert(outcome, '$[#]', json(({outcome}))) WHERE scope = :scope AND id = :id
RETURNING json_extract(outcome, '$[#-1]');

-- name: first_outcome
SELECT call, outcome FROM requests WHERE scope = :scope AND id = :id;

-- What is past its time leaves the indexes, 200 rows or about a megabyte at a time, at most once a minute: due_for_purge says which. The
-- time is taken once, so that every statement of the purge means the same rows; 0 means that no purge is due.

-- name: purge_begin
UPDATE facts SET value = (SELECT iif(done.value <= now - 60000, now, 0) FROM clock, facts AS done WHERE done.name = 'purged_at')
 WHERE name = 'purging';

-- name: purge_index
INSERT INTO memory_index (memory_index, rowid, title, tags, attributes, body, who, hints, place)
SELECT 'delete', num, coalesce(key, topic), tags, attributes, coalesce(body, content), agent, hints, place
  FROM memories WHERE num IN (SELECT num FROM due_for_purge);

-- name: purge_tags
DELETE FROM memory_tags
 WHERE (tag, memory) IN (SELECT value, num FROM due_for_purge JOIN memories USING (num), json_each(memories.tags));

-- name: purge_vectors
DELETE FROM memory_vectors WHERE memory IN (SELECT num FROM due_for_purge);

-- name: purge_changes
INSERT INTO changes (kind, op, ref, actor, at)
SELECT 'memory', 'expire', id, NULL, now FROM clock, memories WHERE num IN (SELECT num FROM due_for_purge);

-- name: purge_memories
UPDATE memories SET buried = 2, expires_at = 0, content = '', format = 'text', body = NULL, size = 0, tags = '[]',
       attributes = '{}', topic = NULL, digest = NULL, hints = NULL
 WHERE num IN (SELECT num FROM due_for_purge);

-- name: purge_versions
DELETE FROM versions
 WHERE (memory, version) IN (SELECT memory, version FROM versions
                              WHERE expires_at BETWEEN 1 AND 9999999999998
                                AND expires_at <= (SELECT value FROM facts WHERE name = 'purging') LIMIT 200);

-- name: purge_requests
DELETE FROM requests
 WHERE (scope, id) IN (SELECT scope, id FROM requests
                        WHERE at <= (SELECT value FROM facts WHERE name = 'purging') - 86400000 LIMIT 200);

-- name: purge_end
UPDATE facts SET value = (SELECT value FROM facts WHERE name = 'purging')
 WHERE name = 'purged_at' AND (SELECT value FROM facts WHERE name = 'purging') > 0;
