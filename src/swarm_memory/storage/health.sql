-- name: counts
SELECT (SELECT count(*) FROM memories WHERE project = :project AND kind = 'entry' AND expires_at > :now),
       (SELECT count(*) FROM memories WHERE project = :project AND kind <> 'entry' AND expires_at > :now),
       (SELECT count(*) FROM memories WHERE expires_at > :now),
       (SELECT count(*) FROM swarms WHERE project = :project AND status = 'active'),
       (SELECT coalesce(max(seq), 0) FROM changes),
       (SELECT value FROM facts WHERE name = 'epoch');

-- name: projects
SELECT project, count(*) FROM memories WHERE expires_at > :now GROUP BY project ORDER BY count(*) DESC LIMIT :limit;

-- name: check_database
PRAGMA quick_check(5);
