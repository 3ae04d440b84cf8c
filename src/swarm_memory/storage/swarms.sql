-- Made only where no active swarm of the project fits, or where a new one is wanted anyway (:always = 1).
-- name: create_swarm
INSERT INTO swarms (id, project, objective, topology, requested_topology, strategy, max_agents, recommended_agents,
                    learning, report, config, status, coordinator, created_at, updated_at)
SELECT :id, :project, :objective, :topology, :requested_topology, :strategy, :max_agents, :recommended_agents,
       :learning, :report, :config, 'active', :coordinator, now, now
  FROM clock
 WHERE :always = 1 OR NOT EXISTS (
   SELECT 1 FROM swarms
    WHERE project = :project AND status = 'active'
      AND (:fit_topology IS NULL OR topology = :fit_topology OR requested_topology = :fit_topology)
      AND (:fit_strategy IS NULL OR strategy = :fit_strategy)
      AND (:fit_max_agents IS NULL OR max_agents = :fit_max_agents)
      AND (:fit_learning IS NULL OR learning = :fit_learning));

-- The one just made, else the newest that fits; json_object keeps one row and one value.
-- name: create_swarm_result
SELECT json_object('id', id, 'joined', json(iif(id = :id, 'false', 'true')), 'seq', (SELECT max(seq) FROM changes))
  FROM swarms
 WHERE id = :id
    OR (project = :project AND status = 'active'
        AND (:fit_topology IS NULL OR topology = :fit_topology OR requested_topology = :fit_topology)
        AND (:fit_strategy IS NULL OR strategy = :fit_strategy)
        AND (:fit_max_agents IS NULL OR max_agents = :fit_max_agents)
        AND (:fit_learning IS NULL OR learning = :fit_learning))
 ORDER BY id = :id DESC, num DESC LIMIT 1;

-- name: refuse_ending
INSERT INTO refusal SELECT 1 FROM swarms
 WHERE num = :swarm AND topology <> 'mesh' AND :actor NOT IN (SELECT actor FROM coordinators WHERE swarm = :swarm);

-- name: cancel_open_tasks
UPDATE tasks SET status = 'cancelled', attempt_ended = 'cancelled', ended_at = (SELECT now FROM clock), owner = NULL,
       lease_until = 0, hard_until = 0, version = version + 1, updated_at = (SELECT now FROM clock), actor = :actor
 WHERE swarm = :swarm AND grp IS NOT NULL AND ended_at IS NULL;

-- name: archive_swarm
UPDATE swarms SET status = 'archived', updated_at = (SELECT now FROM clock) WHERE num = :swarm AND status = 'active';

-- name: end_result
SELECT json_object('status', status, 'seq', (SELECT max(seq) FROM changes))
  FROM swarms WHERE num = :swarm;

-- name: get_swarm
SELECT num, id, project, objective, topology, requested_topology, strategy, max_agents, recommended_agents, learning,
       report AS report_json, config AS config_json, status, coordinator, created_at
  FROM swarms WHERE id = :id;

-- name: get_swarm_by_num
SELECT num, id, project, objective, topology, requested_topology, strategy, max_agents, recommended_agents, learning,
       report AS report_json, config AS config_json, status, coordinator, created_at
  FROM swarms WHERE num = :num;

-- name: get_swarm_of_handle
SELECT num, id, project, objective, topology, requested_topology, strategy, max_agents, recommended_agents, learning,
       report AS report_json, config AS config_json, status, coordinator, created_at
  FROM swarms WHERE num = (SELECT swarm FROM agents WHERE handle = :handle);

-- The last events of a swarm behind a number, newest first.
-- name: swarm_events
SELECT changes.seq, changes.kind, changes.op, changes.ref, changes.actor, changes.at, tasks.title
  FROM changes LEFT JOIN tasks ON changes.kind = 'task' AND tasks.seq = CAST(substr(changes.ref, 2) AS INTEGER)
 WHERE changes.swarm = :swarm AND changes.seq > :after ORDER BY changes.seq DESC LIMIT :limit;

-- name: active_swarms
SELECT num, id, project, objective, topology, requested_topology, strategy, max_agents, recommended_agents, learning,
       report AS report_json, config AS config_json, status, coordinator, created_at
  FROM swarms WHERE project = :project AND status = 'active' ORDER BY num DESC LIMIT :limit;
