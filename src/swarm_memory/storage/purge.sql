-- Taking memories out of the store so that nothing of them is left. What they were is in no tombstone either.

-- Those that are meant, dead ones too; a parameter that is NULL does not count.
-- name: selected
SELECT num, size, project, namespace, coalesce(key, topic, id) FROM memories
 WHERE num > :after AND project <> ''
   AND (:project IS NULL OR project = :project)
   AND (:namespace IS NULL OR namespace = :namespace)
   AND (:keys IS NULL OR key IN (SELECT value FROM json_each(:keys)))
   AND (:id IS NULL OR id = :id)
   AND (:tag IS NULL OR EXISTS (SELECT 1 FROM memory_tags WHERE tag = :tag AND memory = num))
   AND (:before IS NULL OR updated_at < :before)
   AND (:agent IS NULL OR coalesce(agent, session) = :agent)
 ORDER BY num LIMIT :limit;

-- Past versions by an agent, of memories that another one wrote last.
-- name: selected_versions
SELECT versions.memory, versions.version FROM versions
  JOIN memories ON memories.num = versions.memory
 WHERE (versions.memory, versions.version) > (:after, :after_version) AND versions.agent = :agent
   AND (:project IS NULL OR memories.project = :project)
   AND (:namespace IS NULL OR memories.namespace = :namespace)
   AND (:keys IS NULL OR memories.key IN (SELECT value FROM json_each(:keys)))
   AND (:id IS NULL OR memories.id = :id)
   AND (:tag IS NULL OR EXISTS (SELECT 1 FROM memory_tags WHERE tag = :tag AND memory = memories.num))
   AND (:before IS NULL OR versions.at < :before)
 ORDER BY versions.memory, versions.version LIMIT :limit;

-- The statements of one batch, in this order; :nums is a JSON list of row numbers.

-- name: purge_words
INSERT INTO memory_index (memory_index, rowid, title, tags, attributes, body, who, hints, place)
SELECT 'delete', num, coalesce(key, topic), tags, attributes, coalesce(body, content), agent, hints, place
  FROM memories WHERE num IN (SELECT value FROM json_each(:nums)) AND buried = 0;

-- name: purge_tags
DELETE FROM memory_tags
 WHERE (tag, memory) IN (SELECT json_each.value, num FROM memories, json_each(memories.tags)
                          WHERE num IN (SELECT value FROM json_each(:nums)));

-- name: purge_vectors
DELETE FROM memory_vectors WHERE memory IN (SELECT value FROM json_each(:nums));

-- name: purge_versions
DELETE FROM versions WHERE memory IN (SELECT value FROM json_each(:nums));

-- Outcomes that name one of them: they hold keys, and values too.
-- name: purge_outcomes
DELETE FROM requests
 WHERE EXISTS (SELECT 1 FROM json_each(requests.outcome) AS outcome
                WHERE outcome.type = 'object' AND outcome.value ->> 'id' IN (
                  SELECT id FROM memories WHERE num IN (SELECT value FROM json_each(:nums))));

-- name: purge_lesson_stats
DELETE FROM lesson_stats
 WHERE lesson IN (SELECT id FROM memories WHERE num IN (SELECT value FROM json_each(:nums)));

-- name: purge_lesson_uses
DELETE FROM lesson_uses
 WHERE lesson IN (SELECT id FROM memories WHERE num IN (SELECT value FROM json_each(:nums)));

-- Before the changes that go: the last number of the sequence must not be given again.
-- name: record_purge
INSERT INTO changes (kind, op, ref, at)
SELECT 'memory', 'purge', id, now FROM clock, memories WHERE num IN (SELECT value FROM json_each(:nums));

-- name: purge_changes
DELETE FROM changes
 WHERE kind = 'memory' AND op <> 'purge'
   AND ref IN (SELECT id FROM memories WHERE num IN (SELECT value FROM json_each(:nums)));

-- The newest row stays as an empty one: its number must not be given again, since indexes and cursors know it.
-- name: empty_last
UPDATE memories SET
  id = lower(hex(randomblob(14))), project = '', namespace = '', key = NULL, kind = 'entry', format = 'text', size = 0,
  source = NULL, priority = NULL, conversation = NULL, digest = NULL, expires_at = 0, buried = 1, agent = NULL,
  session = NULL, host = NULL, branch = NULL, revision = NULL, topic = NULL, tags = '[]', attributes = '{}', content = '',
  body = NULL, hints = NULL
 WHERE num = (SELECT max(num) FROM memories) AND num IN (SELECT value FROM json_each(:nums));

-- Emptied rows of earlier purges go too, where they are no longer the newest.
-- name: purge_memories
DELETE FROM memories
 WHERE (num IN (SELECT value FROM json_each(:nums)) OR project = '') AND num < (SELECT max(num) FROM memories);

-- :pairs is a JSON list of [memory, version].
-- name: purge_some_versions
DELETE FROM versions
 WHERE (memory, version) IN (SELECT json_each.value ->> 0, json_each.value ->> 1 FROM json_each(:pairs));

-- name: forget_actor
UPDATE changes SET actor = NULL
 WHERE actor = :agent AND kind = 'memory'
   AND (ref, version) IN (SELECT memories.id, pair.value ->> 1 FROM json_each(:pairs) AS pair
                            JOIN memories ON memories.num = pair.value ->> 0);

-- The full-text index keeps deleted words in its segments until they are merged.
-- name: merge_words
INSERT INTO memory_index (memory_index) VALUES ('optimize');

-- Of the connection: what is freed is overwritten.
-- name: overwrite_freed
PRAGMA secure_delete = ON;

-- name: write_file_anew
VACUUM;

-- (1, …): somebody reads what is in the WAL.
-- name: empty_wal
PRAGMA wal_checkpoint(TRUNCATE);
