-- Everything that a store holds for others, in pages that are bounded in rows and about in bytes.

-- name: last_num
SELECT coalesce(max(num), 0) FROM memories;

-- A row without a project is what a purge has left of the newest one. What has expired and is not purged yet is told as the tombstone that it becomes.
-- name: memories
SELECT num, id, project, namespace, key, kind, iif(expires_at > :now, format, 'text') AS format, source, priority,
       conversation, iif(expires_at > :now, digest, NULL) AS digest, version, born,
       iif(expires_at > :now, expires_at, 0) AS expires_at,
       iif(expires_at > :now OR buried > 0, buried, 2) AS buried, agent, session, host, branch, revision, created_at,
       updated_at, iif(expires_at > :now, topic, NULL) AS topic, iif(expires_at > :now, tags, '[]') AS tags,
       iif(expires_at > :now, attributes, '{}') AS attributes, iif(expires_at > :now, content, '') AS content
  FROM memories
 WHERE num IN (
   SELECT num FROM (
     SELECT num, sum(size) OVER (ORDER BY num) - size AS before FROM (
       SELECT num, size FROM memories
        WHERE num > :after AND num <= :last AND project <> '' AND (:project IS NULL OR project = :project) ORDER BY num LIMIT :limit))
    WHERE before < :bytes)
 ORDER BY num;

-- Past versions that history may still tell: a deletion, or a value that has not expired.
-- name: versions
SELECT versions.memory AS num, memories.id AS memory, memories.kind, versions.version, versions.format, versions.agent,
       versions.at, versions.expires_at, versions.deleted, versions.content
  FROM versions JOIN memories ON memories.num = versions.memory
 WHERE (versions.memory, versions.version) IN (
   SELECT memory, version FROM (
     SELECT memory, version, sum(size) OVER (ORDER BY memory, version) - size AS before FROM (
       SELECT past.memory, past.version, past.size FROM versions AS past
        WHERE (past.memory, past.version) > (:after, :after_version) AND past.memory <= :last
          AND (past.deleted > 0 OR past.expires_at > :now)
          AND (:project IS NULL OR (SELECT project FROM memories WHERE num = past.memory) = :project)
        ORDER BY past.memory, past.version LIMIT :limit))
    WHERE before < :bytes)
 ORDER BY versions.memory, versions.version;

-- name: lessons
SELECT memories.num, lesson, helpful, harmful, own_helpful, own_harmful, uses, at, retired_at
  FROM memories CROSS JOIN lesson_stats ON lesson_stats.lesson = memories.id
 WHERE memories.num > :after AND memories.kind = 'lesson' AND (:project IS NULL OR memories.project = :project)
 ORDER BY memories.num LIMIT :limit;

-- name: swarms
SELECT num, id, project, objective, topology, requested_topology, strategy, max_agents, recommended_agents, learning,
       report, config, status, coordinator, created_at, updated_at
  FROM swarms WHERE num > :after AND (:project IS NULL OR project = :project) ORDER BY num LIMIT :limit;
