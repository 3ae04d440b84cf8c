-- What becomes of a claim. The guard of every action under a claim: the caller is its owner, nobody has claimed the task
-- since, and its leases run.

-- name: refuse_stale_claim
INSERT INTO refusal SELECT 1 WHERE NOT EXISTS (
  SELECT 1 FROM tasks, clock
   WHERE seq = :seq AND status = 'claimed' AND owner = :actor AND fence = :fence AND lease_until > now AND hard_until > now
     AND EXISTS (SELECT 1 FROM sessions WHERE id = owner_session AND sessions.lease_until > now));

-- name: progress
UPDATE tasks SET note = :note, lease_until = (SELECT now FROM clock) + :quiet, version = version + 1,
       updated_at = (SELECT now FROM clock), actor = :actor
 WHERE seq = :seq;

-- name: extend
UPDATE tasks SET note = coalesce(:note, note), lease_until = (SELECT now FROM clock) + :quiet,
       hard_until = (SELECT now FROM clock) + :hard, version = version + 1, updated_at = (SELECT now FROM clock),
       actor = :actor
 WHERE seq = :seq;

-- name: complete
UPDATE tasks SET status = iif(verify, 'review', 'done'), attempt_ended = iif(verify, 'review', 'done'),
       ended_at = iif(verify, NULL, (SELECT now FROM clock)), note = coalesce(:note, note), result = :result,
       lease_until = 0, hard_until = 0, version = version + 1, updated_at = (SELECT now FROM clock), actor = :actor
 WHERE seq = :seq;

-- Tried again a little later, if attempts are left.
-- name: fail
UPDATE tasks SET status = iif(attempts >= max_attempts, 'failed', 'ready'), attempt_ended = 'failed', owner = NULL,
       ended_at = iif(attempts >= max_attempts, (SELECT now FROM clock), NULL),
       not_before = (SELECT now FROM clock) + 1000 * attempts, note = coalesce(:note, note), result = coalesce(:result, result),
       lease_until = 0, hard_until = 0, version = version + 1, updated_at = (SELECT now FROM clock), actor = :actor
 WHERE seq = :seq;

-- Given back unharmed: it does not count as an attempt.
-- name: release
UPDATE tasks SET status = 'ready', attempt_ended = iif(:assignee IS NULL, 'released', 'handoff'), assignee = :assignee, owner = NULL,
       attempts = attempts - 1, note = coalesce(:note, note), lease_until = 0, hard_until = 0, version = version + 1,
       updated_at = (SELECT now FROM clock), actor = :actor
 WHERE seq = :seq;

-- What the attempt was worth: for learning.
-- name: note_attempt
UPDATE attempts SET evidence = :evidence, verified = :verified, lessons = :lessons WHERE task = :seq AND fence = :fence;

-- Handing on. An agent may hand its claim to those it may write to; who coordinates may hand out what nobody has.

-- name: refuse_strange_assignee
INSERT INTO refusal SELECT 1
 WHERE :to NOT IN (SELECT handle FROM live_agents WHERE swarm = :swarm)
   AND :to NOT IN (SELECT actor FROM coordinators WHERE swarm = :swarm);

-- star: to the coordinator. hierarchical: to the own lead, or to a member of the own group. ring: to the next position.
-- name: refuse_handing_on
INSERT INTO refusal SELECT 1 FROM swarms
 WHERE num = :swarm AND topology <> 'mesh'
   AND :actor NOT IN (SELECT actor FROM coordinators WHERE swarm = :swarm)
   AND CASE topology
       WHEN 'star' THEN :to NOT IN (SELECT actor FROM coordinators WHERE swarm = :swarm)
       WHEN 'hierarchical' THEN NOT (
            EXISTS (SELECT 1 FROM agents AS me JOIN agents AS other ON other.num = me.parent OR other.parent = me.num
                     WHERE me.num = :agent AND other.handle = :to)
            OR ((SELECT team FROM teams WHERE num = :agent) = 0
                AND :to IN (SELECT actor FROM coordinators WHERE swarm = :swarm)))
       ELSE :to IS NOT (SELECT handle FROM successors WHERE num = :agent) END;

-- Who may decide about a task that is not theirs: assign, cancel, take up a proposal. :seq 0 is no task.
-- name: refuse_directing
INSERT INTO refusal SELECT 1 FROM tasks JOIN swarms ON swarms.num = tasks.swarm
 WHERE seq = :seq AND topology <> 'mesh'
   AND :actor NOT IN (SELECT actor FROM coordinators WHERE swarm = :swarm)
   AND NOT (topology = 'hierarchical' AND pool > 0 AND pool = coalesce(:agent, 0));

-- name: refuse_unassignable
INSERT INTO refusal SELECT 1 WHERE NOT EXISTS (
  SELECT 1 FROM tasks WHERE seq = :seq AND status IN ('ready', 'blocked', 'proposed') AND grp IS NOT NULL);

-- A lead hands out inside its group.
-- name: refuse_assigning_outside
INSERT INTO refusal SELECT 1 FROM tasks JOIN swarms ON swarms.num = tasks.swarm
 WHERE seq = :seq AND topology = 'hierarchical' AND :actor NOT IN (SELECT actor FROM coordinators WHERE swarm = :swarm)
   AND :to NOT IN (SELECT handle FROM agents WHERE parent = :agent);

-- name: assign
UPDATE tasks SET assignee = :to, note = coalesce(:note, note), version = version + 1, updated_at = (SELECT now FROM clock), actor = :actor,
       pool = iif(pool IN (SELECT team FROM teams JOIN agents USING (num) WHERE handle = :to), pool,
                  coalesce((SELECT team FROM teams JOIN agents USING (num) WHERE handle = :to), 0))
 WHERE seq = :seq;

-- Review.

-- name: refuse_unreviewable
INSERT INTO refusal SELECT 1 WHERE NOT EXISTS (
  SELECT 1 FROM tasks WHERE seq = :seq AND status = 'review' AND fence = :fence);

-- Never the author. hierarchical: the author's lead. ring: the position behind the author's.
-- name: refuse_reviewing
INSERT INTO refusal SELECT 1 FROM tasks JOIN swarms ON swarms.num = tasks.swarm
                             LEFT JOIN agents AS author ON author.handle = tasks.owner
 WHERE seq = :seq
   AND (owner = :actor
        OR CASE topology
           WHEN 'hierarchical' THEN
                iif((SELECT team FROM teams WHERE num = author.num) > 0,
                    :agent IS NOT author.parent, :actor NOT IN (SELECT actor FROM coordinators WHERE swarm = :swarm))
           WHEN 'ring' THEN
                iif(author.num IS NULL, :agent IS NULL,
                    (SELECT handle FROM successors WHERE num = author.num) IS NOT :actor)
           WHEN 'star' THEN :agent IS NULL AND :actor NOT IN (SELECT actor FROM coordinators WHERE swarm = :swarm)
           ELSE 0 END);

-- name: approve
UPDATE tasks SET status = 'done', attempt_ended = 'done', ended_at = (SELECT now FROM clock), note = coalesce(:note, note),
       version = version + 1, updated_at = (SELECT now FROM clock), actor = :actor
 WHERE seq = :seq;

-- name: verify_attempt
UPDATE attempts SET verified = 1 WHERE task = :seq AND fence = :fence;

-- name: reject
UPDATE tasks SET status = iif(attempts >= max_attempts, 'failed', 'ready'), attempt_ended = 'rejected', owner = NULL,
       ended_at = iif(attempts >= max_attempts, (SELECT now FROM clock), NULL), note = coalesce(:note, note),
       version = version + 1, updated_at = (SELECT now FROM clock), actor = :actor
 WHERE seq = :seq;

-- name: refuse_unproposed
INSERT INTO refusal SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE seq = :seq AND status = 'proposed');

-- name: take_up
UPDATE tasks SET status = iif(pending_deps > 0, 'blocked', 'ready'), note = coalesce(:note, note), version = version + 1,
       updated_at = (SELECT now FROM clock), actor = :actor
 WHERE seq = :seq;

-- name: refuse_ended_task
INSERT INTO refusal SELECT 1 WHERE NOT EXISTS (
  SELECT 1 FROM tasks WHERE (seq = :seq OR grp = :seq) AND grp IS NOT NULL AND ended_at IS NULL);

-- A task, or all parts of a group that have not ended.
-- name: cancel
UPDATE tasks SET status = 'cancelled', attempt_ended = 'cancelled', ended_at = (SELECT now FROM clock), owner = NULL,
       note = coalesce(:note, note), lease_until = 0, hard_until = 0, version = version + 1,
       updated_at = (SELECT now FROM clock), actor = :actor
 WHERE seq IN (SELECT seq FROM tasks WHERE seq = :seq AND grp IS NOT NULL UNION ALL SELECT seq FROM tasks WHERE grp = :seq)
   AND ended_at IS NULL;

-- name: update_result
SELECT json_object('status', status, 'lease_until', lease_until, 'attempts', attempts, 'max_attempts', max_attempts,
                   'not_before', not_before, 'assignee', assignee, 'change', (SELECT max(seq) FROM changes))
  FROM tasks WHERE seq = :seq;
