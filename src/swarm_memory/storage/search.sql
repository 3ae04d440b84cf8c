-- Candidates by words, best first. bm25 is negative, the smaller the better; the weights are those of
-- title, tags, attributes, body and who.
-- name: match_words
SELECT m.num, bm25(memory_index, 4.0, 3.0, 3.0, 1.0, 1.0) AS rank, m.project = :project AS own
  FROM memory_index JOIN memories AS m ON m.num = memory_index.rowid
 WHERE memory_index MATCH :match AND m.expires_at > :now
   AND (:only_own IS NULL OR (m.project = :project) = :only_own)
   AND (:namespace IS NULL OR m.namespace = :namespace)
   AND (:kind IS NULL OR m.kind = :kind)
   AND (:since IS NULL OR m.updated_at >= :since)
   AND (:tags IS NULL OR (
        SELECT count(*) FROM json_each(:tags) AS wanted
         WHERE EXISTS (SELECT 1 FROM memory_tags AS t WHERE t.tag = wanted.value AND t.memory = m.num)) >= :tags_needed)
   AND (:projects IS NULL OR m.project IN (SELECT value FROM json_each(:projects))
        OR m.num IN (SELECT rowid FROM memory_index WHERE memory_index MATCH :project_words))
 ORDER BY rank LIMIT :limit;

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
SELECT m.num, 0.0 AS rank, m.project = :project AS own
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
