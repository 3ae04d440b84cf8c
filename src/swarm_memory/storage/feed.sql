-- The change sequence as a feed of events. :limit rows at most are looked through, so that a call stays short.

-- name: head
SELECT (SELECT coalesce(max(seq), 0) FROM changes), (SELECT value FROM facts WHERE name = 'epoch'),
       (SELECT coalesce(min(seq), 0) FROM changes);

-- name: changes_behind
SELECT c.seq, c.kind, c.op, c.ref, c.version, c.actor,
       m.namespace, coalesce(m.key, m.topic) AS name,
       coalesce(t.title, g.subject) AS title, m.key IS NOT NULL AS keyed
  FROM changes AS c
  LEFT JOIN memories AS m ON c.kind = 'memory' AND m.id = c.ref
  LEFT JOIN swarms AS s ON s.num = c.swarm
  LEFT JOIN messages AS g ON c.kind = 'message' AND g.seq = CAST(substr(c.ref, 2) AS INTEGER)
  LEFT JOIN tasks AS t ON c.kind = 'task' AND t.seq = CAST(substr(c.ref, 2) AS INTEGER)
 WHERE c.seq > :since
   AND c.seq <= (SELECT max(seq) FROM (SELECT seq FROM changes WHERE seq > :since ORDER BY seq LIMIT :limit))
   AND coalesce(m.project, s.project) = :project
   AND (c.kind = 'memory' OR :swarm IS NULL OR s.id = :swarm)
   AND (c.kind <> 'message' OR (g.seq IS NOT NULL AND iif(c.op = 'send',
          EXISTS (SELECT 1 FROM deliveries WHERE message = g.seq AND recipient IN (SELECT value FROM json_each(:mine))),
          g.sender IN (SELECT value FROM json_each(:mine)))))
   AND c.kind IN (SELECT value FROM json_each(:kinds))
   AND (c.actor IS NULL OR c.actor NOT IN (SELECT value FROM json_each(:but)))
 ORDER BY c.seq;

-- name: last_looked_at
SELECT coalesce(max(seq), :since) FROM (SELECT seq FROM changes WHERE seq > :since ORDER BY seq LIMIT :limit);

-- What changes touched, in every project: for whoever watches resources.
-- name: touched_behind
SELECT c.kind, coalesce(m.project, s.project) AS project, m.namespace, m.key, s.id AS swarm,
       (SELECT json_group_array(recipient) FROM deliveries WHERE message = CAST(substr(c.ref, 2) AS INTEGER)
           AND c.kind = 'message') AS recipients
  FROM changes AS c
  LEFT JOIN memories AS m ON c.kind = 'memory' AND m.id = c.ref
  LEFT JOIN swarms AS s ON s.num = c.swarm
 WHERE c.seq > :since
   AND c.seq <= (SELECT max(seq) FROM (SELECT seq FROM changes WHERE seq > :since ORDER BY seq LIMIT :limit))
 ORDER BY c.seq;
