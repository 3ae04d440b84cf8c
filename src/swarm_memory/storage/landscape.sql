-- All memories, without what they say: who has them, what they belong to, how long they are, and their vectors.

-- name: position
SELECT (SELECT value FROM facts WHERE name = 'epoch'), (SELECT coalesce(max(seq), 0) FROM changes),
       (SELECT coalesce(min(seq), 0) FROM changes);

-- Deleted ones too: a key that is stored again has its old row again.
-- name: rows_after
SELECT m.num, m.project, m.conversation, m.source, m.agent, m.size, m.expires_at, v.model, v.vectors
  FROM memories AS m LEFT JOIN memory_vectors AS v ON v.memory = m.num
 WHERE m.num > :after ORDER BY m.num LIMIT :limit;

-- In the order of their numbers: a new memory stands behind its conversation's earlier ones.
-- name: rows_changed
SELECT m.num, m.project, m.conversation, m.source, m.agent, m.size, m.expires_at, v.model, v.vectors
  FROM memories AS m LEFT JOIN memory_vectors AS v ON v.memory = m.num
 WHERE m.id IN (SELECT ref FROM changes WHERE seq > :after AND seq <= :until AND kind = 'memory')
 ORDER BY m.num;
