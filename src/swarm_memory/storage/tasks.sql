-- Creating tasks. The group's row is found again by :batch; its tasks take the numbers behind it, in the order of :items.

-- name: refuse_creating
INSERT INTO refusal SELECT 1 FROM swarms
 WHERE num = :swarm AND :actor NOT IN (SELECT actor FROM coordinators WHERE swarm = :swarm)
   AND (topology = 'ring'
        OR (topology = 'hierarchical'
            AND NOT EXISTS (SELECT 1 FROM live_agents AS me WHERE me.num = :agent
                             AND (me.role = 'lead' OR EXISTS (SELECT 1 FROM agents WHERE parent = me.num)))));

-- name: refuse_crowded_swarm
INSERT INTO refusal SELECT 1 WHERE (SELECT count(*) FROM tasks WHERE swarm = :swarm) + :count > :limit;

-- :outer is a JSON list of [place in :items, seq of a task that was there before].
-- name: refuse_strange_dependency
INSERT INTO refusal SELECT 1 FROM json_each(:outer) AS one
 WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE seq = json_extract(one.value, '$[1]') AND swarm = :swarm
                    AND status NOT IN ('failed', 'dead', 'cancelled'))
    OR EXISTS (SELECT 1 FROM tasks WHERE grp = json_extract(one.value, '$[1]') AND status IN ('failed', 'dead')) LIMIT 1;

-- name: add_group
INSERT INTO tasks (swarm, status, priority, role, size, verify, stage, pool, pending_deps, failed_deps, fence, attempts, max_attempts,
                   lease_until, hard_until, not_before, version, created_at, updated_at, creator, actor, batch, kind,
                   title, capabilities)
SELECT :swarm, 'blocked', :priority, '', 1, 0, 0, 0, :count, 0, 0, 0, 1, 0, 0, 0, 1, now, now, :actor, :actor, :batch, 'group',
       :title, '[]' FROM clock;

-- :inner is a JSON list of [place in :items, place of what must be done before].
-- name: add_inner_dependencies
INSERT INTO task_deps (task, dep)
SELECT DISTINCT base.seq + 1 + json_extract(one.value, '$[0]'), base.seq + 1 + json_extract(one.value, '$[1]')
  FROM json_each(:inner) AS one, tasks AS base WHERE base.batch = :batch;

-- A dependency on a group is one on each of its parts.
-- name: add_outer_dependencies
INSERT OR IGNORE INTO task_deps (task, dep)
SELECT base.seq + 1 + json_extract(one.value, '$[0]'), dep.seq
  FROM json_each(:outer) AS one, tasks AS base, tasks AS dep
 WHERE base.batch = :batch AND dep.seq IN (
   SELECT seq FROM tasks WHERE seq = json_extract(one.value, '$[1]') AND grp IS NOT NULL
   UNION ALL SELECT seq FROM tasks WHERE grp = json_extract(one.value, '$[1]') AND status <> 'cancelled');

-- In a star, what a worker creates is only proposed. In a hierarchy, what a lead creates is for its group.
-- name: add_tasks
WITH here AS (
  SELECT base.seq AS base, swarms.topology,
         :actor IN (SELECT actor FROM coordinators WHERE coordinators.swarm = :swarm) AS coordinates
    FROM tasks AS base JOIN swarms ON swarms.num = base.swarm WHERE base.batch = :batch),
new AS (
  SELECT base + 1 + one.key AS seq, one.value AS item, topology, coordinates, base,
         (SELECT count(*) FROM task_deps LEFT JOIN tasks AS dep ON dep.seq = task_deps.dep
           WHERE task_deps.task = base + 1 + one.key AND dep.status IS NOT 'done') AS pending
    FROM json_each(:items) AS one, here)
INSERT INTO tasks (seq, swarm, grp, status, priority, role, size, verify, stage, pool, pending_deps, failed_deps, fence, attempts,
                   max_attempts, lease_until, hard_until, not_before, version, created_at, updated_at, creator, actor,
                   kind, title, capabilities, body)
SELECT seq, :swarm, base,
       CASE WHEN topology = 'star' AND NOT coordinates THEN 'proposed' WHEN pending > 0 THEN 'blocked' ELSE 'ready' END,
       :priority, json_extract(item, '$.role'), json_extract(item, '$.size'), json_extract(item, '$.verify'),
       json_extract(item, '$.stage'), iif(topology = 'hierarchical' AND NOT coordinates, coalesce(:agent, 0), 0),
       pending, 0, 0, 0, :max_attempts, 0, 0, 0, 1, now, now, :actor, :actor, json_extract(item, '$.kind'),
       json_extract(item, '$.title'), json_extract(item, '$.capabilities'), json_extract(item, '$.body')
  FROM new, clock ORDER BY seq;

-- name: created_result
SELECT json_object('group', seq, 'seq', (SELECT max(seq) FROM changes), 'tasks', json(
         (SELECT json_group_array(json_array(seq, status))
            FROM (SELECT part.seq, part.status FROM tasks AS part WHERE part.grp = main.seq ORDER BY part.seq))))
  FROM tasks AS main WHERE batch = :batch;

-- Reads.

-- name: get_task
SELECT tasks.seq, tasks.swarm, swarms.project, swarms.topology, tasks.grp, tasks.status, tasks.priority, tasks.role, tasks.size,
       tasks.verify, tasks.stage, tasks.pool, tasks.pending_deps, tasks.failed_deps, tasks.assignee, tasks.owner,
       tasks.fence, tasks.attempts, tasks.max_attempts, tasks.lease_until, tasks.hard_until, tasks.not_before,
       tasks.created_at, tasks.updated_at, tasks.ended_at, tasks.creator, tasks.kind, tasks.title,
       tasks.capabilities AS capabilities_json, tasks.note, tasks.result AS result_json, tasks.body,
       coalesce((SELECT lease_until FROM sessions WHERE id = owner_session), 0) AS session_until
  FROM tasks JOIN swarms ON swarms.num = tasks.swarm WHERE tasks.seq = :seq;

-- name: dependencies_of
SELECT dep, status FROM task_deps JOIN tasks ON seq = dep WHERE task = :seq ORDER BY dep LIMIT :limit;

-- name: writes_of
SELECT pattern FROM task_writes JOIN globs ON num = glob WHERE task = :seq ORDER BY pattern LIMIT :limit;

-- name: attempts_of
SELECT fence, actor, started_at, ended_at, outcome, verified, note FROM attempts WHERE task = :seq ORDER BY fence DESC LIMIT :limit;

-- Parts are counted by what they are now: a claim that has run out counts as ready, or as dead if it was the last.
-- name: count_by_status
SELECT CASE WHEN status <> 'claimed' OR (lease_until > :now AND hard_until > :now
                 AND (SELECT lease_until FROM sessions WHERE id = owner_session) > :now) THEN status
            WHEN attempts >= max_attempts THEN 'dead' ELSE 'ready' END AS now_status,
       count(*), coalesce(sum(size), 0)
  FROM tasks WHERE swarm = :swarm AND grp IS NOT NULL GROUP BY now_status ORDER BY now_status;

-- name: list_tasks
SELECT seq, title, status, role, priority, owner, fence, attempts, updated_at, grp, pending_deps, failed_deps
  FROM tasks WHERE swarm = :swarm AND status = :status AND seq > :after AND grp IS NOT NULL ORDER BY seq LIMIT :limit;

-- name: parts_of
SELECT seq, title, status, role, priority, owner, fence, attempts, updated_at, grp, pending_deps, failed_deps
  FROM tasks WHERE grp = :grp AND seq > :after ORDER BY seq LIMIT :limit;

-- name: oldest_claim
SELECT tasks.seq, tasks.fence, tasks.owner, attempts.started_at
  FROM tasks JOIN attempts ON attempts.task = tasks.seq AND attempts.fence = tasks.fence
 WHERE tasks.swarm = :swarm AND tasks.status = 'claimed' ORDER BY attempts.started_at LIMIT 1;

-- What nothing will set free: it waits for tasks that ended without being done.
-- name: stalled_tasks
SELECT seq, title, failed_deps FROM tasks
 WHERE swarm = :swarm AND status = 'blocked' AND failed_deps > 0 AND grp IS NOT NULL ORDER BY seq LIMIT :limit;
