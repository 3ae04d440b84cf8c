-- Claiming. Each rule that forbids it to an actor altogether is a guard; each that forbids one task is in claim_task.

-- name: refuse_second_claim
INSERT INTO refusal SELECT 1 FROM tasks WHERE status = 'claimed' AND owner = :actor AND swarm = :swarm;

-- The hub of a star, the head of a hierarchy and the maker of a ring hand work out while others are there to do it; what
-- was handed to them they may take.
-- name: refuse_claiming
INSERT INTO refusal SELECT 1 FROM swarms
 WHERE num = :swarm AND topology <> 'mesh'
   AND EXISTS (SELECT 1 FROM live_agents WHERE live_agents.swarm = :swarm AND role <> 'coordinator')
   AND (:actor IN (SELECT actor FROM coordinators WHERE coordinators.swarm = :swarm)
        OR (topology = 'ring' AND :agent IS NULL))
   AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.swarm = :swarm AND status = 'ready' AND assignee = :actor);

-- name: refuse_other_role
INSERT INTO refusal SELECT 1 FROM swarms JOIN agents ON agents.num = :agent
 WHERE swarms.num = :swarm AND strategy = 'specialized' AND agents.role <> :role;

-- One statement decides and takes. In a ring a task's stage has its place, and where nobody lives there, the next one that
-- is taken. me: who asks, with its place. roles: those that have something ready, each found by one
-- step in the index. best: for each role and pool the first task that may be taken now.
-- name: claim_task
WITH RECURSIVE
here AS (SELECT topology, strategy, max_agents,
                (SELECT count(*) FROM tasks WHERE tasks.swarm = :swarm AND status = 'claimed') AS open,
                (SELECT coalesce(max(position), 0) + 1 FROM agents WHERE agents.swarm = :swarm) AS places
           FROM swarms WHERE num = :swarm),
me AS (SELECT coalesce((SELECT capabilities FROM agents WHERE num = :agent), '[]') AS capabilities,
              (SELECT position FROM agents WHERE num = :agent) AS position,
              coalesce((SELECT team FROM teams WHERE num = :agent), 0) AS team,
              coalesce((SELECT above FROM teams WHERE num = :agent), 0) AS above),
pools (pool, rank) AS (SELECT team, 0 FROM me UNION ALL SELECT above, 1 FROM me WHERE above <> team),
roles (role) AS (
  SELECT (SELECT role FROM tasks WHERE swarm = :swarm AND status = 'ready' ORDER BY role LIMIT 1)
  UNION ALL
  SELECT (SELECT role FROM tasks WHERE swarm = :swarm AND status = 'ready' AND role > roles.role ORDER BY role LIMIT 1)
    FROM roles WHERE roles.role IS NOT NULL),
best (seq, rank) AS (
  SELECT (SELECT t.seq FROM tasks AS t
           WHERE t.swarm = :swarm AND t.status = 'ready' AND t.role = roles.role AND t.pool = pools.pool
             AND t.not_before <= (SELECT now FROM clock)
             AND (:task IS NULL OR t.seq = :task)
             AND (t.assignee IS NULL OR t.assignee = :actor
                  OR (t.assignee NOT IN (SELECT handle FROM live_agents WHERE live_agents.swarm = :swarm)
                      AND NOT EXISTS (SELECT 1 FROM sessions, clock
                                       WHERE '@' || principal = t.assignee AND principal = substr(t.assignee, 2)
                                         AND lease_until > now)))
             AND (t.capabilities = '[]' OR NOT EXISTS (
                   SELECT 1 FROM json_each(t.capabilities) AS one
                    WHERE one.value NOT IN (SELECT value FROM json_each(me.capabilities))))
             AND (here.topology <> 'ring' OR me.position IS NULL OR t.assignee = :actor OR
                  (me.position - t.stage % here.places + here.places) % here.places = (
                   SELECT min((a.position - t.stage % here.places + here.places) % here.places)
                     FROM live_agents AS a WHERE a.swarm = :swarm AND a.position >= 0))
             AND NOT EXISTS (
                   SELECT 1 FROM task_writes AS w CROSS JOIN reservations AS r CROSS JOIN glob_overlaps AS o
                    WHERE w.task = t.seq AND o.one = w.glob AND o.other = r.glob
                      AND (r.task > 0 OR (r.holder <> :actor AND r.until > (SELECT now FROM clock)
                           AND EXISTS (SELECT 1 FROM sessions, clock WHERE id = r.session AND lease_until > now))))
           ORDER BY t.priority, t.seq LIMIT 1),
         pools.rank
    FROM roles, pools, me, here
   WHERE roles.role IS NOT NULL AND (roles.role = '' OR (:any_role = 1 AND strategy <> 'specialized') OR roles.role = :role)
     AND open < iif(strategy = 'sequential', 1, max(max_agents, 1)))
UPDATE tasks
   SET status = 'claimed', owner = :actor, owner_session = :session, fence = fence + 1, attempts = attempts + 1,
       lease_until = (SELECT now FROM clock) + :quiet, hard_until = (SELECT now FROM clock) + :hard,
       version = version + 1, updated_at = (SELECT now FROM clock), actor = :actor, assignee = NULL
 WHERE seq = (
   SELECT t.seq FROM best JOIN tasks AS t USING (seq)
    ORDER BY best.rank, t.priority,
             iif((SELECT strategy FROM here) = 'balanced',
                 (SELECT count(*) FROM tasks AS c WHERE c.swarm = :swarm AND c.status = 'claimed' AND c.role = t.role), 0),
             t.seq LIMIT 1);

-- Where nothing was claimed, nothing is written: neither the freed claims nor the request's id.
-- name: refuse_empty_claim
INSERT INTO refusal SELECT 1
 WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE status = 'claimed' AND owner = :actor AND swarm = :swarm);

-- With the recovery packet: the attempt before, and the keys that were written under it.
-- name: claim_result
SELECT json_object(
         'seq', main.seq, 'fence', main.fence, 'title', main.title, 'body', main.body, 'role', main.role, 'kind', main.kind,
         'size', main.size, 'verify', main.verify, 'grp', main.grp, 'attempts', main.attempts,
         'max_attempts', main.max_attempts, 'lease_until', main.lease_until, 'hard_until', main.hard_until,
         'change', (SELECT max(seq) FROM changes),
         'writes', json((SELECT json_group_array(pattern) FROM task_writes JOIN globs ON num = glob WHERE task = main.seq)),
         'results', json((SELECT json_group_array(json_array(seq, title, substr(result, 1, 400)))
                            FROM (SELECT dep.seq, dep.title, dep.result FROM task_deps JOIN tasks AS dep ON dep.seq = dep
                                   WHERE task_deps.task = main.seq AND dep.result IS NOT NULL ORDER BY dep.seq LIMIT 3))),
         'recovery', json((
           SELECT json_object('actor', before.actor, 'outcome', before.outcome, 'note', before.note,
                              'ended_at', before.ended_at, 'keys', json((
             SELECT json_group_array(key) FROM (
               SELECT DISTINCT namespace || '/' || key AS key FROM memories
                WHERE memories.project = :project AND memories.updated_at BETWEEN before.started_at AND before.ended_at
                  AND key IS NOT NULL AND buried = 0
                  AND ('@' || memories.session = before.actor AND memories.agent IS NULL
                       OR memories.agent IN (SELECT value FROM agents, json_each(json_array(handle, name))
                                              WHERE handle = before.actor))
                ORDER BY memories.updated_at DESC LIMIT 5))))
             FROM attempts AS before WHERE before.task = main.seq AND before.fence < main.fence
            ORDER BY before.fence DESC LIMIT 1)))
  FROM tasks AS main WHERE status = 'claimed' AND owner = :actor AND swarm = :swarm;

-- Whether it is worth while to try: something is ready, or a claim has run out.
-- name: claimable
SELECT EXISTS (SELECT 1 FROM tasks WHERE swarm = :swarm AND status = 'ready' AND not_before <= :now)
    OR EXISTS (SELECT 1 FROM tasks LEFT JOIN sessions ON sessions.id = owner_session
                WHERE swarm = :swarm AND status = 'claimed'
                  AND (tasks.lease_until <= :now OR hard_until <= :now OR coalesce(sessions.lease_until, 0) <= :now)),
       (SELECT coalesce(max(seq), 0) FROM changes WHERE swarm = :swarm);

-- name: held_claim
SELECT 't' || seq || '.' || fence FROM tasks WHERE status = 'claimed' AND owner = :actor AND swarm = :swarm;

-- name: waiting_tasks
SELECT coalesce(sum(status = 'ready'), 0), coalesce(sum(status = 'blocked'), 0), coalesce(sum(status = 'claimed'), 0),
       coalesce(sum(status = 'review'), 0), coalesce(sum(status = 'proposed'), 0)
  FROM tasks WHERE swarm = :swarm AND grp IS NOT NULL AND status IN ('ready', 'blocked', 'claimed', 'review', 'proposed');

-- name: ready_roles
SELECT DISTINCT role FROM tasks WHERE swarm = :swarm AND status = 'ready' ORDER BY role LIMIT 10;
