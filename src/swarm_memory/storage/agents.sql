-- name: refuse_full_swarm
INSERT INTO refusal SELECT 1
 WHERE (SELECT count(*) FROM live_agents WHERE swarm = :swarm) >= (SELECT max_agents FROM swarms WHERE num = :swarm);

-- name: refuse_strange_parent
INSERT INTO refusal SELECT 1
 WHERE :parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM agents WHERE num = :parent AND swarm = :swarm);

-- One that works elsewhere and was heard of lately is not somebody else's to retire.
-- name: refuse_busy_agent
INSERT INTO refusal SELECT 1 FROM live_agents, clock
 WHERE num = :agent AND session <> :session AND last_seen > now - 300000
   AND :actor NOT IN (SELECT actor FROM coordinators WHERE swarm = :swarm);

-- name: release_claims_of
UPDATE tasks SET status = 'ready', attempt_ended = 'released', attempts = attempts - 1, owner = NULL, lease_until = 0,
       hard_until = 0, version = version + 1, updated_at = (SELECT now FROM clock), actor = owner
 WHERE status = 'claimed' AND owner = (SELECT handle FROM agents WHERE num = :agent);

-- name: retire_agent
UPDATE agents SET retired_at = (SELECT now FROM clock) WHERE num = :agent AND swarm = :swarm AND retired_at IS NULL;

-- name: add_agent
INSERT INTO agents (num, handle, swarm, session, name, role, parent, position, quiet, last_seen, created_at, capabilities)
SELECT next, :name || '.' || next, :swarm, :session, :name, :role, :parent,
       iif(:role = 'coordinator', -1, (SELECT coalesce(max(position), -1) + 1 FROM agents WHERE swarm = :swarm)),
       :quiet, now, now, :capabilities
  FROM clock, (SELECT coalesce(max(num), 0) + 1 AS next FROM agents);

-- name: agent_result
SELECT json_object('num', num, 'handle', handle, 'position', position, 'seq', (SELECT max(seq) FROM changes))
  FROM agents ORDER BY num DESC LIMIT 1;

-- By handle, else by name: first of the own session, then the newest.
-- name: find_agent
SELECT num, handle, session, name, role, retired_at FROM agents
 WHERE num IN (SELECT num FROM agents WHERE handle = :agent AND swarm = :swarm
               UNION ALL SELECT num FROM agents WHERE swarm = :swarm AND name = :agent)
 ORDER BY handle = :agent DESC, session = :session DESC, num DESC LIMIT 1;

-- name: list_agents
SELECT agents.handle, agents.name, agents.role, lead.handle AS parent, agents.capabilities AS capabilities_json, agents.last_seen,
       agents.retired_at IS NULL AND agents.last_seen + agents.quiet > :now AND coalesce(sessions.lease_until, 0) > :now AS live,
       (SELECT 't' || seq || '.' || fence FROM tasks WHERE status = 'claimed' AND owner = agents.handle) AS claim,
       sessions.host
  FROM agents LEFT JOIN sessions ON sessions.id = agents.session
              LEFT JOIN agents AS lead ON lead.num = agents.parent
 WHERE agents.swarm = :swarm
 ORDER BY live DESC, agents.last_seen DESC, agents.num DESC LIMIT :limit;

-- name: count_agents
SELECT count(*), coalesce(sum(agents.retired_at IS NULL AND agents.last_seen + agents.quiet > :now
                              AND coalesce(sessions.lease_until, 0) > :now), 0)
  FROM agents LEFT JOIN sessions ON sessions.id = agents.session WHERE agents.swarm = :swarm;
