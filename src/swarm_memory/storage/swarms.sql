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

-- name: active_swarms
SELECT num, id, project, objective, topology, requested_topology, strategy, max_agents, recommended_agents, learning,
       report AS report_json, config AS config_json, status, coordinator, created_at
  FROM swarms WHERE project = :project AND status = 'active' ORDER BY num DESC LIMIT :limit;
