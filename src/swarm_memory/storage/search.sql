-- Row numbers that an expression of the index matches, newest first: FTS5 walks its lists from either end, so that a
-- word of very many rows costs no more than the limit.
-- name: matching
SELECT rowid FROM memory_index WHERE memory_index MATCH :match ORDER BY rowid DESC LIMIT :limit;

-- Which of these memories live and pass the filters.
-- name: passing
SELECT m.num
  FROM json_each(:nums) AS wanted JOIN memories AS m ON m.num = wanted.value
 WHERE m.expires_at > :now
   AND (:only_own IS NULL OR (m.project = :project) = :only_own)
   AND (:namespace IS NULL OR m.namespace = :namespace)
   AND (:kind IS NULL OR m.kind = :kind)
   AND (:since IS NULL OR m.updated_at >= :since)
   AND (:tags IS NULL OR (
        SELECT count(*) FROM json_each(:tags)
         WHERE EXISTS (SELECT 1 FROM memory_tags AS t WHERE t.tag = json_each.value AND t.memory = m.num))
        >= :tags_needed);

-- name: num_of_id
SELECT num FROM memories WHERE id = :id;

-- Each step looks up the next name in an index: as many steps as projects, not as memories.
-- name: projects
WITH RECURSIVE known (project) AS (
  SELECT min(project) FROM memories
   UNION ALL
  SELECT (SELECT min(m.project) FROM memories AS m WHERE m.project > known.project)
    FROM known WHERE known.project IS NOT NULL
   LIMIT 10000)
SELECT project FROM known WHERE project IS NOT NULL;

-- Newest first, by tags alone.
-- name: match_tags
SELECT m.num, m.project = :project AS own
  FROM memories AS m
 WHERE m.num IN (SELECT t.memory FROM memory_tags AS t WHERE t.tag IN (SELECT value FROM json_each(:tags))
                  GROUP BY t.memory HAVING count(*) >= :tags_needed)
   AND m.expires_at > :now
   AND (:only_own IS NULL OR (m.project = :project) = :only_own)
   AND (:namespace IS NULL OR m.namespace = :namespace)
   AND (:kind IS NULL OR m.kind = :kind)
   AND (:since IS NULL OR m.updated_at >= :since)
 ORDER BY m.updated_at DESC LIMIT :limit;

-- name: newest
SELECT num FROM memories
 WHERE project = :project AND expires_at > :now
   AND (:namespace IS NULL OR namespace = :namespace)
   AND (:kind IS NULL OR kind = :kind)
   AND (:since IS NULL OR updated_at >= :since)
 ORDER BY updated_at DESC LIMIT :limit;

-- The unary plus keeps the planner from walking all of the project by age instead of the few decisions.
-- name: newest_decisions
SELECT num FROM memories
 WHERE +project = :project AND expires_at > :now
   AND (:namespace IS NULL OR namespace = :namespace)
   AND (:kind IS NULL OR kind = :kind)
   AND (:since IS NULL OR updated_at >= :since)
   AND num IN (SELECT memory FROM memory_tags WHERE tag IN ('decision', 'decisions', 'architecture', 'convention')
               UNION ALL
               SELECT num FROM memories
                WHERE project = :project AND namespace = 'default' AND key >= 'decision' AND key < 'decisiont')
 ORDER BY +updated_at DESC LIMIT :limit;
