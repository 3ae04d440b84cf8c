-- From a local file to a primary. The first blocks read the file; those behind look into the primary and write there.

-- name: last_num
SELECT coalesce(max(num), 0) FROM memories;

-- name: heads
SELECT num, id, project, namespace, key, digest FROM memories
 WHERE num > :after AND expires_at > :now ORDER BY num LIMIT :limit;

-- Its columns are the parameters of move_memory, in the same order; likewise below.
-- name: memory
SELECT id, project, namespace, key, kind, format, size, source, priority, conversation, digest, version, born,
       expires_at, agent, session, host, branch, revision, created_at, updated_at, topic, tags, attributes, content, body
  FROM memories WHERE num = :num AND expires_at > :now;

-- Past versions that history may still tell: a deletion, or a value that has not expired.
-- name: past
SELECT version FROM versions WHERE memory = :num AND (deleted > 0 OR expires_at > :now) ORDER BY version;

-- name: version
SELECT version, format, size, agent, at, expires_at, deleted, content
  FROM versions WHERE memory = :num AND version = :version;

-- name: swarms
SELECT num, id, project, objective, topology, requested_topology, strategy, max_agents, recommended_agents, learning,
       report, config, status, coordinator, created_at, updated_at
  FROM swarms WHERE num > :after ORDER BY num LIMIT :limit;

-- On the primary. :wanted is a JSON list of [id, project, namespace, key, digest]; the answer has the same order. The
-- version of what is dead is told as 0.
-- name: look
SELECT (SELECT version * (expires_at > (SELECT now FROM clock)) FROM memories WHERE id = wanted.value ->> 0),
       (SELECT json_group_array(versions.version)
          FROM live_memories AS mine JOIN versions ON versions.memory = mine.num WHERE mine.id = wanted.value ->> 0),
       EXISTS (SELECT 1 FROM live_memories
                WHERE project = wanted.value ->> 1 AND namespace = wanted.value ->> 2 AND key = wanted.value ->> 3),
       EXISTS (SELECT 1 FROM live_memories
                WHERE project = wanted.value ->> 1 AND namespace = wanted.value ->> 2 AND digest = wanted.value ->> 4)
  FROM json_each(:wanted) AS wanted ORDER BY wanted.key;

-- Nothing where the id is there already, and nothing over a living memory under the same key. What is dead there gives
-- its place away, and its version counts on: the numbering of a key never restarts.
-- name: move_memory
INSERT INTO memories (id, project, namespace, key, kind, format, size, source, priority, conversation, digest, version,
                      born, expires_at, agent, session, host, branch, revision, created_at, updated_at, topic, tags,
                      attributes, content, body)
SELECT :id, :project, :namespace, :key, :kind, :format, :size, :source, :priority, :conversation, :digest, :version,
       :born, :expires_at, :agent, :session, :host, :branch, :revision, :created_at, :updated_at, :topic, :tags,
       :attributes, :content, :body
 WHERE NOT EXISTS (SELECT 1 FROM memories WHERE id = :id)
ON CONFLICT (project, namespace, key) DO UPDATE SET
  id = excluded.id, kind = excluded.kind, format = excluded.format, size = excluded.size, source = excluded.source,
  priority = excluded.priority, conversation = excluded.conversation, digest = excluded.digest,
  version = max(version, excluded.version) + 1, born = max(version, excluded.version) + 1,
  expires_at = excluded.expires_at, buried = 0, agent = excluded.agent, session = excluded.session,
  host = excluded.host, branch = excluded.branch, revision = excluded.revision, created_at = excluded.created_at,
  updated_at = excluded.updated_at, topic = excluded.topic, tags = excluded.tags, attributes = excluded.attributes,
  content = excluded.content, body = excluded.body
 WHERE memories.expires_at <= (SELECT now FROM clock);

-- Behind its memory, also in a later batch. 200 are kept, see the trigger memory_changed.
-- name: move_version
INSERT INTO versions (memory, version, format, size, agent, at, expires_at, deleted, content)
SELECT num, :version, :format, :size, :agent, :at, :expires_at, :deleted, :content
  FROM live_memories WHERE id = :id AND version > :version AND version <= :version + 200
ON CONFLICT (memory, version) DO NOTHING;

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
