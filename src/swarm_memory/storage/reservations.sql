-- Files kept for an actor. Claims have theirs from triggers; these are asked for. :patterns is a JSON list.

-- name: refuse_reserved
INSERT INTO refusal SELECT 1
  FROM json_each(:patterns) AS one JOIN globs AS wanted ON wanted.project = :project AND wanted.pattern = one.value
       CROSS JOIN reservations AS r CROSS JOIN glob_overlaps AS o
 WHERE o.one = wanted.num AND o.other = r.glob AND r.holder <> :actor AND (r.shared = 0 OR :shared = 0) LIMIT 1;

-- name: refuse_many_reservations
INSERT INTO refusal SELECT 1
 WHERE (SELECT count(*) FROM reservations WHERE holder = :actor AND task = 0) + json_array_length(:patterns) > :limit;

-- name: refuse_lost_reservation
INSERT INTO refusal SELECT 1 FROM json_each(:patterns) AS one
 WHERE NOT EXISTS (SELECT 1 FROM reservations JOIN globs ON num = glob
                    WHERE holder = :actor AND task = 0 AND project = :project AND pattern = one.value);

-- name: reserve
INSERT INTO reservations (glob, holder, task, shared, session, until)
SELECT globs.num, :actor, 0, :shared, :session, now + :ttl
  FROM json_each(:patterns) AS one JOIN globs ON globs.project = :project AND globs.pattern = one.value, clock
 WHERE true
ON CONFLICT (glob, holder, task) DO UPDATE
   SET shared = excluded.shared, session = excluded.session, until = excluded.until;

-- name: renew_reservations
UPDATE reservations SET until = (SELECT now FROM clock) + :ttl, session = :session
 WHERE holder = :actor AND task = 0
   AND glob IN (SELECT num FROM json_each(:patterns) JOIN globs ON project = :project AND pattern = value);

-- name: release_reservations
DELETE FROM reservations
 WHERE holder = :actor AND task = 0
   AND glob IN (SELECT num FROM json_each(:patterns) JOIN globs ON project = :project AND pattern = value);

-- name: reservations_result
SELECT json_object('held', (SELECT count(*) FROM reservations WHERE holder = :actor AND task = 0),
                   'until', (SELECT max(until) FROM reservations JOIN globs ON num = glob
                              WHERE holder = :actor AND task = 0 AND project = :project
                                AND pattern IN (SELECT value FROM json_each(:patterns))));

-- Who holds what has a path in common with :patterns; :related are other patterns that are known to. A claim that has run
-- out holds nothing.
-- name: holders
SELECT DISTINCT held.pattern, r.holder, r.task, r.shared, iif(r.task > 0, t.lease_until, r.until) AS until
  FROM reservations AS r JOIN globs AS held ON held.num = r.glob
       LEFT JOIN tasks AS t ON t.seq = r.task
       LEFT JOIN sessions AS s ON s.id = r.session
 WHERE held.project = :project AND r.holder <> :actor AND coalesce(s.lease_until, 0) > :now
   AND iif(r.task > 0, min(t.lease_until, t.hard_until), r.until) > :now
   AND (held.pattern IN (SELECT value FROM json_each(:related))
        OR held.num IN (SELECT other FROM json_each(:patterns) AS one
                          JOIN globs AS wanted ON wanted.project = :project AND wanted.pattern = one.value
                          JOIN glob_overlaps ON glob_overlaps.one = wanted.num))
 ORDER BY held.pattern, r.holder LIMIT :limit;
