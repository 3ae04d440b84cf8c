-- Writes by key. excluded.updated_at is the database's clock at its statement; a row with expires_at behind it is dead,
-- and a write over it begins a new life.

-- name: refuse_other_version
INSERT INTO refusal SELECT 1 WHERE :if_version <> coalesce(
  (SELECT version FROM live_memories WHERE project = :project AND namespace = :namespace AND key = :key), 0);

-- name: refuse_other_version_of_id
INSERT INTO refusal SELECT 1 WHERE :if_version <> coalesce(
  (SELECT version FROM live_memories WHERE project = :project AND id = :id), 0);

-- name: refuse_missing_key
INSERT INTO refusal SELECT 1 WHERE NOT EXISTS (
  SELECT 1 FROM live_memories WHERE project = :project AND namespace = :namespace AND key = :key);

-- name: refuse_missing_id
INSERT INTO refusal SELECT 1 WHERE NOT EXISTS (
  SELECT 1 FROM live_memories WHERE project = :project AND id = :id AND key IS NULL);

-- name: refuse_not_a_number
INSERT INTO refusal SELECT 1 FROM live_memories
 WHERE project = :project AND namespace = :namespace AND key = :key
   AND (format <> 'json' OR json_type(content) NOT IN ('integer', 'real'));

-- An integer of the value that is no 64-bit integer, or a sum that is none, or a sum that is no finite double.
-- name: refuse_overflow
INSERT INTO refusal SELECT 1 FROM live_memories
 WHERE project = :project AND namespace = :namespace AND key = :key
   AND CASE WHEN json_type(content) = 'integer' AND :by_integer IS NOT NULL
            THEN CAST(CAST(content AS INTEGER) AS TEXT) <> content
                 OR typeof(CAST(content AS INTEGER) + CAST(:by_integer AS INTEGER)) <> 'integer'
            ELSE NOT coalesce(abs(CAST(content AS REAL) + coalesce(:by_real, CAST(:by_integer AS REAL)))
                              <= 1.7976931348623157e308, 0) END;

-- name: refuse_not_a_list
INSERT INTO refusal SELECT 1 FROM live_memories
 WHERE project = :project AND namespace = :namespace AND key = :key
   AND (format <> 'json' OR json_type(content) <> 'array');

-- name: refuse_long_list
INSERT INTO refusal SELECT 1 FROM live_memories
 WHERE project = :project AND namespace = :namespace AND key = :key AND size + :size - 1 > :limit;

-- name: put
INSERT INTO memories (id, project, namespace, key, kind, content, format, body, size, tags, version, born, expires_at,
                      agent, session, host, branch, revision, created_at, updated_at, hints)
SELECT :id, :project, :namespace, :key, 'entry', :content, :format, :body, :size, coalesce(:tags, '[]'), 1, 1,
       coalesce(now + :ttl, 9999999999999),
       :agent, :session, :host, :branch, :revision, now, now, :hints
  FROM clock WHERE true
ON CONFLICT (project, namespace, key) DO UPDATE SET
  content = excluded.content, format = excluded.format, body = excluded.body, size = excluded.size,
  tags = iif(:tags IS NULL AND expires_at > excluded.updated_at, tags, excluded.tags),
  version = version + 1, born = iif(expires_at > excluded.updated_at, born, version + 1),
  created_at = iif(expires_at > excluded.updated_at, created_at, excluded.updated_at),
  expires_at = excluded.expires_at, buried = 0, updated_at = excluded.updated_at, hints = excluded.hints,
  agent = excluded.agent, session = excluded.session, host = excluded.host, branch = excluded.branch,
  revision = excluded.revision;

-- name: publish_again
UPDATE memories SET version = version + 1, tags = coalesce(:tags, tags),
       expires_at = coalesce((SELECT now FROM clock) + :ttl, 9999999999999), updated_at = (SELECT now FROM clock),
       agent = :agent, session = :session, host = :host, branch = :branch, revision = :revision
 WHERE project = :project AND namespace = :namespace AND key = :key;

-- name: increment
INSERT INTO memories (id, project, namespace, key, kind, content, format, size, version, born,
                      agent, session, host, branch, revision, created_at, updated_at, hints)
SELECT :id, :project, :namespace, :key, 'entry', :start, 'json', length(:start), 1, 1,
       :agent, :session, :host, :branch, :revision, now, now, :hints
  FROM clock WHERE true
ON CONFLICT (project, namespace, key) DO UPDATE SET
  (content, size) = (
    SELECT total, length(total) FROM (SELECT
      CASE WHEN memories.expires_at <= excluded.updated_at THEN excluded.content
           WHEN json_type(memories.content) = 'integer' AND :by_integer IS NOT NULL
           THEN CAST(CAST(memories.content AS INTEGER) + CAST(:by_integer AS INTEGER) AS TEXT)
           ELSE printf('%!.17g', CAST(memories.content AS REAL) + coalesce(:by_real, CAST(:by_integer AS REAL)))
      END AS total)),
  format = 'json', body = NULL, tags = iif(expires_at > excluded.updated_at, tags, '[]'),
  version = version + 1, born = iif(expires_at > excluded.updated_at, born, version + 1),
  created_at = iif(expires_at > excluded.updated_at, created_at, excluded.updated_at),
  expires_at = iif(expires_at > excluded.updated_at, expires_at, 9999999999999),
  buried = 0, updated_at = excluded.updated_at, hints = excluded.hints,
  agent = excluded.agent, session = excluded.session, host = excluded.host, branch = excluded.branch,
  revision = excluded.revision;

-- name: append
INSERT INTO memories (id, project, namespace, key, kind, content, format, body, size, version, born,
                      agent, session, host, branch, revision, created_at, updated_at, hints)
SELECT :id, :project, :namespace, :key, 'entry', :start, 'json', :words, length(CAST(:start AS BLOB)), 1, 1,
       :agent, :session, :host, :branch, :revision, now, now, :hints
  FROM clock WHERE true
ON CONFLICT (project, namespace, key) DO UPDATE SET
  (content, size) = (
    SELECT grown, length(CAST(grown AS BLOB)) FROM (SELECT
      iif(memories.expires_at > excluded.updated_at, json_insert(memories.content, '$[#]', json(:item)),
          excluded.content) AS grown)),
  body = iif(expires_at > excluded.updated_at, coalesce(body || char(10), ''), '') || excluded.body,
  hints = nullif(iif(expires_at > excluded.updated_at, coalesce(hints || ' ', ''), '') || coalesce(excluded.hints, ''), ''),
  format = 'json', tags = iif(expires_at > excluded.updated_at, tags, '[]'),
  version = version + 1, born = iif(expires_at > excluded.updated_at, born, version + 1),
  created_at = iif(expires_at > excluded.updated_at, created_at, excluded.updated_at),
  expires_at = iif(expires_at > excluded.updated_at, expires_at, 9999999999999),
  buried = 0, updated_at = excluded.updated_at,
  agent = excluded.agent, session = excluded.session, host = excluded.host, branch = excluded.branch,
  revision = excluded.revision;

-- name: delete_key
UPDATE memories SET buried = 1, expires_at = 0, version = version + 1, content = '', format = 'text', body = NULL,
       size = 0, tags = '[]', attributes = '{}', topic = NULL, digest = NULL, hints = NULL,
       updated_at = (SELECT now FROM clock),
       agent = :agent, session = :session, host = :host, branch = :branch, revision = :revision
 WHERE project = :project AND namespace = :namespace AND key = :key AND expires_at > (SELECT now FROM clock);

-- name: delete_id
UPDATE memories SET buried = 1, expires_at = 0, version = version + 1, content = '', format = 'text', body = NULL,
       size = 0, tags = '[]', attributes = '{}', topic = NULL, digest = NULL, hints = NULL,
       updated_at = (SELECT now FROM clock),
       agent = :agent, session = :session, host = :host, branch = :branch, revision = :revision
 WHERE project = :project AND id = :id AND expires_at > (SELECT now FROM clock);

-- Knowledge and turns of conversations.

-- The same knowledge again leaves no row: add_knowledge_result then tells the first one.
-- name: add_knowledge
INSERT INTO memories (id, project, namespace, kind, topic, content, format, size, tags, attributes, source, priority,
                      conversation, digest, version, born, agent, session, host, branch, revision, created_at, updated_at,
                      hints)
SELECT :id, :project, :namespace, :kind, :topic, :content, 'text', :size, :tags, :attributes, :source, :priority,
       :conversation, :digest, 1, 1, :agent, :session, :host, :branch, :revision, now, now,
       :hints
  FROM clock
 WHERE NOT EXISTS (SELECT 1 FROM live_memories WHERE project = :project AND namespace = :namespace AND digest = :digest);

-- name: replace_knowledge
UPDATE memories SET topic = :topic, content = :content, size = :size, hints = :hints, tags = coalesce(:tags, tags),
       attributes = coalesce(:attributes, attributes), source = coalesce(:source, source),
       priority = coalesce(:priority, priority),
       digest = iif(conversation IS NULL, :digest, NULL), version = version + 1,
       updated_at = (SELECT now FROM clock),
       agent = :agent, session = :session, host = :host, branch = :branch, revision = :revision
 WHERE project = :project AND id = :id;

-- Outcomes of writes, one row with one JSON object each; they run right behind their write, in the same batch.

-- The cheapest one, for the most frequent write: what the caller gave need not be read back.
-- name: put_result
SELECT json_object('id', ref, 'version', version, 'seq', seq, 'created', json(iif(op = 'create', 'true', 'false')), 'at', at)
  FROM changes ORDER BY seq DESC LIMIT 1;

-- name: key_result
SELECT json_object('id', id, 'key', key, 'namespace', namespace, 'version', version,
                   'seq', (SELECT max(seq) FROM changes), 'size', size,
                   'created', json(iif(born = version, 'true', 'false')), 'expires_at', nullif(expires_at, 9999999999999))
  FROM memories WHERE project = :project AND namespace = :namespace AND key = :key;

-- name: key_result_with_value
SELECT json_object('id', id, 'key', key, 'namespace', namespace, 'version', version,
                   'seq', (SELECT max(seq) FROM changes), 'size', size,
                   'created', json(iif(born = version, 'true', 'false')), 'expires_at', nullif(expires_at, 9999999999999),
                   'value', iif(size <= :whole, json(content), NULL))
  FROM memories WHERE project = :project AND namespace = :namespace AND key = :key;

-- name: delete_result
SELECT json_object('deleted', json(iif(changes() > 0, 'true', 'false')), 'seq', (SELECT max(seq) FROM changes));

-- name: add_knowledge_result
SELECT json_object('id', id, 'version', version, 'seq', (SELECT max(seq) FROM changes),
                   'duplicate', json(iif(id = :id, 'false', 'true')))
  FROM live_memories
 WHERE id = :id OR (project = :project AND namespace = :namespace AND digest = :digest)
 ORDER BY id = :id DESC LIMIT 1;

-- name: replace_knowledge_result
SELECT json_object('id', id, 'version', version, 'seq', (SELECT max(seq) FROM changes), 'duplicate', json('false'))
  FROM memories WHERE project = :project AND id = :id;

-- Reads. They take the time as :now, since a replica's own clock may be off.

-- name: get_by_key
SELECT id, project, namespace, key, kind, topic, content, format, body, size, tags AS tags_json,
       attributes AS attributes_json, source, priority, conversation, version,
       nullif(expires_at, 9999999999999) AS expires_at, agent, session, host, branch, revision, created_at, updated_at
  FROM memories
 WHERE project = :project AND namespace = :namespace AND key = :key AND expires_at > :now;

-- name: get_by_id
SELECT id, project, namespace, key, kind, topic, content, format, body, size, tags AS tags_json,
       attributes AS attributes_json, source, priority, conversation, version,
       nullif(expires_at, 9999999999999) AS expires_at, agent, session, host, branch, revision, created_at, updated_at
  FROM memories
 WHERE id = :id AND expires_at > :now;

-- name: get_by_nums
SELECT num, id, project, namespace, key, kind, topic, content, format, body, size, tags AS tags_json,
       attributes AS attributes_json, source, priority, conversation, version,
       nullif(expires_at, 9999999999999) AS expires_at, agent, session, host, branch, revision, created_at, updated_at
  FROM memories
 WHERE num IN (SELECT value FROM json_each(:nums)) AND expires_at > :now;

-- name: keys_between
SELECT key FROM memories
 WHERE project = :project AND namespace = :namespace AND key >= :low AND key < :high AND expires_at > :now
 ORDER BY key LIMIT 5;

-- The first fifty namespaces by one index seek each, and those of them that have the key.
-- name: namespaces_with_key
WITH RECURSIVE known (namespace) AS (
  SELECT (SELECT min(namespace) FROM memories WHERE project = :project AND key IS NOT NULL)
  UNION ALL
  SELECT (SELECT min(namespace) FROM memories WHERE project = :project AND namespace > known.namespace)
    FROM known WHERE known.namespace IS NOT NULL LIMIT 50)
SELECT known.namespace FROM known
 WHERE known.namespace <> :namespace AND EXISTS (
   SELECT 1 FROM memories
    WHERE project = :project AND namespace = known.namespace AND key = :key AND expires_at > :now)
 LIMIT 5;

-- name: list_namespace
SELECT namespace, key, version, size, tags AS tags_json, updated_at, coalesce(agent, session) AS writer,
       substr(content, 1, 200) AS preview
  FROM memories
 WHERE project = :project AND namespace = :namespace AND key >= :low AND key < :high AND expires_at > :now
 ORDER BY key LIMIT :limit;

-- name: next_namespace
SELECT min(namespace) FROM memories WHERE project = :project AND namespace > :namespace;

-- name: num_of_key
SELECT num, id FROM memories WHERE project = :project AND namespace = :namespace AND key = :key;

-- name: num_of_id
SELECT num, id FROM memories WHERE id = :id;

-- name: history
SELECT version, CASE WHEN size <= :whole THEN content ELSE substr(content, 1, 300) END AS content, format, size, writer,
       at, expires_at, deleted
  FROM (SELECT version, content, format, size, agent AS writer, at, expires_at, deleted FROM versions WHERE memory = :num
        UNION ALL
        SELECT version, content, format, size, coalesce(agent, session), updated_at, expires_at, buried
          FROM memories WHERE num = :num)
 WHERE version < :before ORDER BY version DESC LIMIT :limit;

-- name: turns
SELECT num, id, project, namespace, key, kind, topic, content, format, body, size, tags AS tags_json,
       attributes AS attributes_json, source, priority, conversation, version,
       nullif(expires_at, 9999999999999) AS expires_at, agent, session, host, branch, revision, created_at, updated_at
  FROM memories
 WHERE project = :project AND conversation = :conversation AND num < :before AND expires_at > :now
 ORDER BY num DESC LIMIT :limit;

-- name: newest_turns
SELECT num, id, project, namespace, key, kind, topic, content, format, body, size, tags AS tags_json,
       attributes AS attributes_json, source, priority, conversation, version,
       nullif(expires_at, 9999999999999) AS expires_at, agent, session, host, branch, revision, created_at, updated_at
  FROM memories
 WHERE project = :project AND conversation IS NOT NULL AND num < :before AND expires_at > :now
 ORDER BY num DESC LIMIT :limit;
