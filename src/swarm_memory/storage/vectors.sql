-- Vectors beside the memories. A change of a memory drops its row (trigger memory_changed); these put the new one, in
-- the same batch or later. Later it must still be of the version that was read.

-- name: put_by_key
INSERT INTO memory_vectors (memory, model, vectors)
SELECT num, :model, :vectors FROM live_memories WHERE project = :project AND namespace = :namespace AND key = :key
ON CONFLICT (memory) DO UPDATE SET model = excluded.model, vectors = excluded.vectors;

-- name: put_by_id
INSERT INTO memory_vectors (memory, model, vectors)
SELECT num, :model, :vectors FROM live_memories WHERE project = :project AND id = :id
ON CONFLICT (memory) DO UPDATE SET model = excluded.model, vectors = excluded.vectors;

-- name: put_by_num
INSERT INTO memory_vectors (memory, model, vectors)
SELECT num, :model, :vectors FROM live_memories WHERE num = :num AND version = :version
ON CONFLICT (memory) DO UPDATE SET model = excluded.model, vectors = excluded.vectors;

-- name: put_result
SELECT changes();

-- The next memories, and which of them lack vectors of the model; the text of those only.
-- name: lacking
SELECT m.num, m.version, m.agent, coalesce(m.key, m.topic), m.tags,
       iif(v.model IS :model, '', substr(coalesce(m.body, m.content), 1, :characters)), v.model IS NOT :model
  FROM memories AS m LEFT JOIN memory_vectors AS v ON v.memory = m.num
 WHERE m.num > :after AND m.buried = 0 ORDER BY m.num LIMIT :limit;

-- name: by_nums
SELECT m.num, m.version, m.agent, coalesce(m.key, m.topic), m.tags, substr(coalesce(m.body, m.content), 1, :characters),
       1
  FROM memories AS m WHERE m.num IN (SELECT value FROM json_each(:nums)) AND m.buried = 0;
