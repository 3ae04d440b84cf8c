-- name: get_cursor
SELECT epoch, seq FROM cursors WHERE project = :project AND agent = :agent;

-- name: keep_cursor
INSERT INTO cursors (project, agent, epoch, seq, at) SELECT :project, :agent, :epoch, :seq, now FROM clock WHERE true
    ON CONFLICT (project, agent) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, at = excluded.at;

-- Of agents that have not waited for thirty days.
-- name: forget_cursors
DELETE FROM cursors
 WHERE (project, agent) IN (SELECT project, agent FROM cursors
                             WHERE at < (SELECT now FROM clock) - 2592000000 ORDER BY at LIMIT 20);

-- name: kept
SELECT 'true';
