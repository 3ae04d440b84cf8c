-- From one store to another. The first blocks read the local file; those behind look into the store that takes, and
-- write there. What is read to be moved is in export.sql.

-- name: heads
SELECT num, id, project, namespace, key, digest FROM memories
 WHERE num > :after AND expires_at > :now ORDER BY num LIMIT :limit;

-- Past versions that history may still tell: a deletion, or a value that has not expired.
-- name: past
SELECT version FROM versions WHERE memory = :num AND (deleted > 0 OR expires_at > :now) ORDER BY version;

-- :wanted is a JSON list of [id, project, namespace, key, digest, format, content, topic, tags, attributes]; the answer
-- has the same order. The version of what is dead is told as 0. What is behind the digest is null where it does not count.
-- name: look
SELECT (SELECT version * (expires_at > (SELECT now FROM clock)) FROM memories WHERE id = wanted.value ->> 0),
       (SELECT json_group_array(versions.version)
          FROM live_memories AS mine JOIN versions ON versions.memory = mine.num WHERE mine.id = wanted.value ->> 0),
       EXISTS (SELECT 1 FROM live_memories
                WHERE project = wanted.value ->> 1 AND namespace = wanted.value ->> 2 AND key = wanted.value ->> 3),
       EXISTS (SELECT 1 FROM live_memories
                WHERE project = wanted.value ->> 1 AND namespace = wanted.value ->> 2 AND digest = wanted.value ->> 4),
       EXISTS (SELECT 1 FROM memories
                WHERE project = wanted.value ->> 1 AND namespace = wanted.value ->> 2 AND key = wanted.value ->> 3),
       EXISTS (SELECT 1 FROM live_memories AS mine
                WHERE num = coalesce((SELECT num FROM memories WHERE id = wanted.value ->> 0),
                                     (SELECT num FROM memories WHERE project = wanted.value ->> 1
                                         AND namespace = wanted.value ->> 2 AND key = wanted.value ->> 3))
                  AND format = wanted.value ->> 5 AND content = wanted.value ->> 6 AND topic IS wanted.value ->> 7
                  AND tags = wanted.value ->> 8 AND attributes = wanted.value ->> 9)
  FROM json_each(:wanted) AS wanted ORDER BY wanted.key;

-- Nothing where the id is there already, and nothing over a living memory under the same key. What is dead there gives
-- its place away, and its version counts on: the numbering of a key never restarts.
-- name: move_memory
INSERT INTO memories (id, project, namespace, key, kind, format, size, source, priority, conversation, digest, version,
                      born, expires_at, agent, session, host, branch, revision, created_at, updated_at, topic, tags,
                      attributes, content, body, hints)
SELECT :id, :project, :namespace, :key, :kind, :format, :size, :source, :priority, :conversation, :digest, :version,
       :born, :expires_at, :agent, :session, :host, :branch, :revision, :created_at, :updated_at, :topic, :tags,
       :attributes, :content, :body, :hints
 WHERE NOT EXISTS (SELECT 1 FROM memories WHERE id = :id)
ON CONFLICT (project, namespace, key) DO UPDATE SET
  id = excluded.id, kind = excluded.kind, format = excluded.format, size = excluded.size, source = excluded.source,
  priority = excluded.priority, conversation = excluded.conversation, digest = excluded.digest,
  version = max(version, excluded.version) + 1, born = max(version, excluded.version) + 1,
  expires_at = excluded.expires_at, buried = 0, agent = excluded.agent, session = excluded.session,
  host = excluded.host, branch = excluded.branch, revision = excluded.revision, created_at = excluded.created_at,
  updated_at = excluded.updated_at, topic = excluded.topic, tags = excluded.tags, attributes = excluded.attributes,
  content = excluded.content, body = excluded.body, hints = excluded.hints
 WHERE memories.expires_at <= (SELECT now FROM clock);

-- Over what is there: of the same id, else under the same key. Its id stays, and what it was becomes its history. Where
-- it is the same already, nothing changes, so that it may be run twice.
-- name: replace_memory
UPDATE memories SET
  kind = :kind, format = :format, size = :size, source = :source, priority = :priority, conversation = :conversation,
  digest = :digest, version = max(version, :version) + 1,
  born = iif(expires_at > (SELECT now FROM clock), born, max(version, :version) + 1), expires_at = :expires_at, buried = 0,
  agent = :agent, session = :session, host = :host, branch = :branch, revision = :revision, updated_at = :updated_at,
  topic = :topic, tags = :tags, attributes = :attributes, content = :content, body = :body,
  hints = :hints
 WHERE num = coalesce((SELECT num FROM memories WHERE id = :id),
                      (SELECT num FROM memories WHERE project = :project AND namespace = :namespace AND key = :key))
   AND NOT (format = :format AND content = :content AND topic IS :topic AND tags = :tags AND attributes = :attributes
            AND expires_at > (SELECT now FROM clock));

-- A tombstone where nothing is: made as a memory without content and buried at once, so that the triggers do for it
-- what they do for every other one. The three statements belong together, in this order.
-- name: make_grave
INSERT INTO memories (id, project, namespace, key, kind, format, size, source, priority, conversation, version, born,
                      agent, session, host, branch, revision, created_at, updated_at, content)
SELECT :id, :project, :namespace, :key, :kind, 'text', 0, :source, :priority, :conversation, :version - 1, :born,
       :agent, :session, :host, :branch, :revision, :created_at, :updated_at, ''
 WHERE NOT EXISTS (SELECT 1 FROM memories WHERE id = :id)
   AND NOT EXISTS (SELECT 1 FROM memories WHERE project = :project AND namespace = :namespace AND key = :key);

-- name: bury
UPDATE memories SET version = :version, buried = :buried, expires_at = 0 WHERE id = :id AND changes() > 0;

-- name: forget_grave
DELETE FROM versions
 WHERE memory = (SELECT num FROM memories WHERE id = :id) AND version = :version - 1 AND changes() > 0;

-- Behind its memory, also in a later batch. 200 are kept, see the trigger memory_changed.
-- name: move_version
INSERT INTO versions (memory, version, format, size, agent, at, expires_at, deleted, content)
SELECT num, :version, :format, :size, :agent, :at, :expires_at, :deleted, :content
  FROM memories WHERE id = :id AND version > :version AND version <= :version + 200
ON CONFLICT (memory, version) DO NOTHING;

-- name: move_lesson
INSERT INTO lesson_stats (lesson, helpful, harmful, own_helpful, own_harmful, uses, at, retired_at)
SELECT id, :helpful, :harmful, :own_helpful, :own_harmful, :uses, :at, :retired_at FROM memories WHERE id = :lesson
ON CONFLICT (lesson) DO NOTHING;

-- name: move_swarm
INSERT INTO swarms (id, project, objective, topology, requested_topology, strategy, max_agents, recommended_agents,
                    learning, report, config, status, coordinator, created_at, updated_at)
VALUES (:id, :project, :objective, :topology, :requested_topology, :strategy, :max_agents, :recommended_agents,
        :learning, :report, :config, :status, :coordinator, :created_at, :updated_at)
ON CONFLICT (id) DO NOTHING;

-- name: present
SELECT id FROM memories WHERE id IN (SELECT value FROM json_each(:ids));

-- name: present_swarms
SELECT id FROM swarms WHERE id IN (SELECT value FROM json_each(:ids));

-- Changes nothing, and needs the right to write: no version of the schema has a table of this name.
-- name: may_write
DROP TABLE IF EXISTS swarm_memory_nothing;
