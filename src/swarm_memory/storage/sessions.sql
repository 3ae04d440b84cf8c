-- What every write of a swarm begins with: claims that have run out are freed, and the caller is alive.

-- name: free_expired
UPDATE tasks
   SET status = iif(attempts >= max_attempts, 'dead', 'ready'), attempt_ended = 'expired', owner = NULL,
       ended_at = iif(attempts >= max_attempts, (SELECT now FROM clock), NULL), lease_until = 0, hard_until = 0,
       version = version + 1, updated_at = (SELECT now FROM clock), actor = NULL
 WHERE seq IN (SELECT seq FROM expired_claims LIMIT 200);

-- name: drop_ended_reservations
DELETE FROM reservations
 WHERE task = 0 AND (until <= (SELECT now FROM clock)
                     OR NOT EXISTS (SELECT 1 FROM sessions, clock WHERE id = session AND lease_until > now));

-- :sessions is a JSON list of objects. A session that had lapsed lives again, without what it held.
-- name: touch_sessions
INSERT INTO sessions (id, principal, host, pid, quiet, lease_until, created_at)
SELECT json_extract(value, '$.id'), json_extract(value, '$.principal'), json_extract(value, '$.host'),
       json_extract(value, '$.pid'), json_extract(value, '$.quiet'), now + :lease, now
  FROM json_each(:sessions), clock WHERE true
ON CONFLICT (id) DO UPDATE SET lease_until = excluded.lease_until;

-- An agent that calls is there. One whose session has ended goes on in the caller's; one that counted as gone comes back
-- only where there is room.
-- name: touch_agent
UPDATE agents
   SET last_seen = (SELECT now FROM clock),
       session = iif(EXISTS (SELECT 1 FROM sessions, clock WHERE id = agents.session AND lease_until > now),
                     session, :session)
 WHERE num = :agent AND retired_at IS NULL
   AND (num IN (SELECT num FROM live_agents WHERE num = :agent)
        OR (SELECT count(*) FROM live_agents WHERE live_agents.swarm = agents.swarm)
           < (SELECT max_agents FROM swarms WHERE swarms.num = agents.swarm));

-- A swarm whose tasks have all ended, or can never begin, and whose agents have been gone for an hour.
-- name: archive_idle_swarms
UPDATE swarms SET status = 'archived', updated_at = (SELECT now FROM clock)
 WHERE status = 'active' AND updated_at < (SELECT now FROM clock) - 3600000
   AND EXISTS (SELECT 1 FROM tasks WHERE swarm = swarms.num)
   AND NOT EXISTS (SELECT 1 FROM tasks WHERE swarm = swarms.num AND tasks.status IN ('proposed', 'ready', 'claimed', 'review'))
   AND NOT EXISTS (SELECT 1 FROM agents, clock WHERE swarm = swarms.num AND retired_at IS NULL AND last_seen > now - 3600000)
   AND NOT EXISTS (SELECT 1 FROM tasks, clock WHERE swarm = swarms.num AND tasks.updated_at > now - 3600000);

-- name: refuse_gone_agent
INSERT INTO refusal SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM live_agents WHERE num = :agent AND handle = :actor);

-- name: refuse_ended_swarm
INSERT INTO refusal SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM swarms WHERE num = :swarm AND status = 'active');

-- The heartbeat's own: whoever called since the last one. :seen is a JSON list of [session, name or handle or null].

-- name: touch_seen_agents
UPDATE agents SET last_seen = (SELECT now FROM clock)
 WHERE retired_at IS NULL
   AND num IN (SELECT agents.num FROM json_each(:seen) AS one JOIN agents ON agents.session = json_extract(one.value, '$[0]')
                WHERE json_extract(one.value, '$[1]') IN (agents.handle, agents.name) AND agents.retired_at IS NULL);

-- name: renew_claims
UPDATE tasks SET lease_until = (SELECT now + quiet FROM clock, sessions WHERE sessions.id = owner_session)
 WHERE status = 'claimed' AND lease_until > (SELECT now FROM clock)
   AND (owner, owner_session) IN (
     SELECT handle, json_extract(one.value, '$[0]') FROM json_each(:seen) AS one
       JOIN agents ON handle = json_extract(one.value, '$[1]')
     UNION ALL
     SELECT handle, session FROM json_each(:seen) AS one JOIN agents ON agents.session = json_extract(one.value, '$[0]')
      WHERE agents.name = json_extract(one.value, '$[1]') AND retired_at IS NULL
     UNION ALL
     SELECT '@' || principal, sessions.id
       FROM json_each(:seen) AS one JOIN sessions ON sessions.id = json_extract(one.value, '$[0]')
      WHERE json_extract(one.value, '$[1]') IS NULL);

-- Unread mail of agents whose sessions lapsed within a day: their senders hear of it.
-- name: tell_lost_of_lapsed
UPDATE deliveries SET lost_at = (SELECT now FROM clock)
 WHERE (recipient, message) IN (
   SELECT recipient, message FROM sessions CROSS JOIN agents ON agents.session = sessions.id
                                           CROSS JOIN deliveries ON recipient = agents.handle
    WHERE lease_until <= (SELECT now FROM clock) AND lease_until > (SELECT now FROM clock) - 86400000
      AND retired_at IS NULL AND state = 0 AND lost_at IS NULL LIMIT 100);

-- name: forget_sessions
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions, clock WHERE lease_until < now - 604800000 LIMIT 100);

-- name: beat_result
SELECT json_object('now', now) FROM clock;
