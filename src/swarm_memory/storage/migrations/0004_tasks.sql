-- min_reader: 1
-- min_writer: 1

-- The swarm that a change belongs to (swarms.num); NULL for memories.
ALTER TABLE changes ADD COLUMN swarm INTEGER;

CREATE INDEX changes_by_swarm ON changes (swarm, seq) WHERE swarm IS NOT NULL;

DROP TRIGGER swarm_created;

CREATE TRIGGER swarm_created AFTER INSERT ON swarms BEGIN
  INSERT INTO changes (kind, op, ref, actor, at, swarm)
    VALUES ('swarm', 'create', NEW.id, NEW.coordinator, NEW.created_at, NEW.num);
END;

CREATE INDEX swarms_active ON swarms (updated_at) WHERE status = 'active';

CREATE TRIGGER swarm_status_changed AFTER UPDATE OF status ON swarms WHEN NEW.status <> OLD.status BEGIN
  INSERT INTO changes (kind, op, ref, actor, at, swarm)
    VALUES ('swarm', NEW.status, NEW.id, NULL, NEW.updated_at, NEW.num);
END;

-- One life of a server process, or of a connection over HTTP. All claims and reservations of a session end with its
-- lease. Its renewals, like an agent's last_seen and a claim's lease_until, never enter the change sequence.
CREATE TABLE sessions (
  id          TEXT PRIMARY KEY,
  principal   TEXT NOT NULL,                -- name of who acts where a call names no agent; lasts over restarts
  host        TEXT,
  pid         INTEGER,
  quiet       INTEGER NOT NULL,             -- milliseconds without a call after which its agents count as gone
  lease_until INTEGER NOT NULL,
  created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_principal ON sessions (principal, lease_until);
CREATE INDEX sessions_by_lease ON sessions (lease_until);

CREATE TABLE agents (
  num          INTEGER PRIMARY KEY,
  handle       TEXT NOT NULL UNIQUE,        -- name.num: names an agent in the whole store
  swarm        INTEGER NOT NULL,            -- swarms.num
  session      TEXT NOT NULL,               -- sessions.id
  name         TEXT NOT NULL,
  role         TEXT NOT NULL,
  parent       INTEGER,                     -- agents.num of its lead; NULL: under the coordinator
  position     INTEGER NOT NULL,            -- a ring's place, from 0 in the order of joining; -1 for a coordinator
  quiet        INTEGER NOT NULL,            -- as its session's
  last_seen    INTEGER NOT NULL,
  retired_at   INTEGER,                     -- NULL: it was not retired; whether it lives, live_agents says
  created_at   INTEGER NOT NULL,
  capabilities TEXT NOT NULL                -- JSON list
) STRICT;

CREATE INDEX agents_by_swarm ON agents (swarm, position);
CREATE INDEX agents_by_name ON agents (swarm, name, num);
CREATE INDEX agents_by_parent ON agents (parent) WHERE parent IS NOT NULL;
CREATE INDEX agents_by_session ON agents (session) WHERE retired_at IS NULL;

CREATE TRIGGER agent_joined AFTER INSERT ON agents BEGIN
  INSERT INTO changes (kind, op, ref, actor, at, swarm)
    VALUES ('agent', 'join', NEW.handle, NEW.handle, NEW.created_at, NEW.swarm);
END;

CREATE TRIGGER agent_retired AFTER UPDATE OF retired_at ON agents
  WHEN NEW.retired_at IS NOT NULL AND OLD.retired_at IS NULL BEGIN
  INSERT INTO changes (kind, op, ref, actor, at, swarm)
    VALUES ('agent', 'retire', NEW.handle, NULL, NEW.retired_at, NEW.swarm);
END;

-- By the database's clock, for conditions inside a write. Reads take the time as a parameter.
CREATE VIEW live_agents AS
  SELECT agents.* FROM agents JOIN sessions ON sessions.id = agents.session
   WHERE retired_at IS NULL AND sessions.lease_until > (SELECT now FROM clock)
     AND last_seen + agents.quiet > (SELECT now FROM clock);

-- Who coordinates, as actors: agents of the role coordinator while one lives, else the principal that made the swarm while
-- it has a session, else every principal that has one.
CREATE VIEW coordinators AS
  SELECT swarm, handle AS actor FROM live_agents WHERE role = 'coordinator'
  UNION ALL
  SELECT swarms.num, '@' || sessions.principal
    FROM swarms JOIN sessions ON sessions.lease_until > (SELECT now FROM clock)
   WHERE NOT EXISTS (SELECT 1 FROM live_agents WHERE live_agents.swarm = swarms.num AND role = 'coordinator')
     AND (sessions.principal = swarms.coordinator
          OR NOT EXISTS (SELECT 1 FROM sessions AS maker, clock
                          WHERE maker.principal = swarms.coordinator AND maker.lease_until > now));

-- In a hierarchy: the lead whose group an agent is in, and that lead's own group; 0 is the coordinator's.
CREATE VIEW teams AS
  SELECT agents.num, iif(lead.role <> 'coordinator', lead.num, 0) AS team,
         iif(lead.role <> 'coordinator' AND above.role <> 'coordinator', above.num, 0) AS above
    FROM agents LEFT JOIN agents AS lead ON lead.num = agents.parent
                LEFT JOIN agents AS above ON above.num = lead.parent;

-- In a ring: who comes after an agent, the dead ones left out.
CREATE VIEW successors AS
  SELECT agents.num, coalesce(
           (SELECT handle FROM live_agents AS next
             WHERE next.swarm = agents.swarm AND next.position = (
               SELECT min(position) FROM live_agents WHERE live_agents.swarm = agents.swarm AND position > agents.position)),
           (SELECT handle FROM live_agents AS next
             WHERE next.swarm = agents.swarm AND next.position = (
               SELECT min(position) FROM live_agents WHERE live_agents.swarm = agents.swarm AND position >= 0)
               AND next.num <> agents.num)) AS handle
    FROM agents;

-- A unit of work, or a group of such units. Its public name is 't' || seq; a claim's is 't' || seq || '.' || fence.
-- status: proposed, blocked, ready, claimed, review, done, failed, dead, cancelled. The last four never change.
-- A group is never ready or claimed; pending_deps and failed_deps count its parts as they count a task's dependencies.
-- An actor, wherever one is named, is an agent's handle, or '@' and the name of a principal.
CREATE TABLE tasks (
  seq           INTEGER PRIMARY KEY,
  swarm         INTEGER NOT NULL,           -- swarms.num
  grp           INTEGER,                    -- seq of its group; NULL for the group itself
  status        TEXT NOT NULL,
  priority      INTEGER NOT NULL,           -- 0 is first
  role          TEXT NOT NULL,              -- '' is any
  size          INTEGER NOT NULL,
  verify        INTEGER NOT NULL,           -- 1: another one's review lies between its completion and done
  stage         INTEGER NOT NULL,           -- length of the longest path of dependencies before it, in its call
  pool          INTEGER NOT NULL,           -- agents.num of the lead whose members it is for; 0: the whole swarm's
  pending_deps  INTEGER NOT NULL,           -- dependencies that are not done, failed ones included
  failed_deps   INTEGER NOT NULL,           -- of these, how many have ended without being done
  assignee      TEXT,                       -- actor for whom it is kept while that one lives
  owner         TEXT,                       -- actor of the present claim, or of the one under review
  owner_session TEXT,                       -- sessions.id
  fence         INTEGER NOT NULL,           -- number of times that it was claimed
  attempts      INTEGER NOT NULL,           -- claims that count against max_attempts
  max_attempts  INTEGER NOT NULL,
  lease_until   INTEGER NOT NULL,           -- of a claim: the owner must be heard of before; 0 without one
  hard_until    INTEGER NOT NULL,           -- of a claim: it must be extended before
  not_before    INTEGER NOT NULL,           -- a retry waits so long
  version       INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  ended_at      INTEGER,
  creator       TEXT NOT NULL,              -- actor
  actor         TEXT,                       -- of the last change; NULL: it followed from another one, or from the time
  attempt_ended TEXT,                       -- how the last claim ended, see attempts.outcome
  batch         TEXT UNIQUE,                -- of a group: a name by which its own batch finds it
  kind          TEXT,                       -- 'group' for a group, else any word
  title         TEXT NOT NULL,
  capabilities  TEXT NOT NULL,              -- JSON list: what its owner must have
  note          TEXT,                       -- the last progress, or why it came back
  result        TEXT,                       -- JSON
  body          TEXT
) STRICT;

CREATE INDEX tasks_by_status ON tasks (swarm, status, seq);
CREATE INDEX tasks_by_group ON tasks (grp, seq) WHERE grp IS NOT NULL;
CREATE INDEX tasks_ready ON tasks (swarm, role, pool, priority, seq) WHERE status = 'ready';
CREATE INDEX tasks_claimed ON tasks (owner, owner_session) WHERE status = 'claimed';

CREATE TABLE task_deps (
  task INTEGER NOT NULL,
  dep  INTEGER NOT NULL,                    -- must be done before task
  PRIMARY KEY (task, dep)
) STRICT, WITHOUT ROWID;

CREATE INDEX task_deps_by_dep ON task_deps (dep, task);

-- Patterns of paths, each once in a project, and which of them have a path in common: each with itself, and both ways.
CREATE TABLE globs (
  num     INTEGER PRIMARY KEY,
  project TEXT NOT NULL,
  pattern TEXT NOT NULL,
  UNIQUE (project, pattern)
) STRICT;

CREATE INDEX globs_by_project ON globs (project, num);

CREATE TABLE glob_overlaps (
  one   INTEGER NOT NULL,
  other INTEGER NOT NULL,
  PRIMARY KEY (one, other)
) STRICT, WITHOUT ROWID;

-- What a task will write; reserved while it is claimed.
CREATE TABLE task_writes (
  task INTEGER NOT NULL,
  glob INTEGER NOT NULL,
  PRIMARY KEY (task, glob)
) STRICT, WITHOUT ROWID;

-- Who may write where: by a claim (task is its seq, and it lasts as long as the claim), or asked for by itself (task is
-- 0, and it lasts until its time or its session is over).
CREATE TABLE reservations (
  glob    INTEGER NOT NULL,
  holder  TEXT NOT NULL,                    -- actor
  task    INTEGER NOT NULL,
  shared  INTEGER NOT NULL,
  session TEXT NOT NULL,
  until   INTEGER NOT NULL,
  PRIMARY KEY (glob, holder, task)
) STRICT, WITHOUT ROWID;

CREATE INDEX reservations_by_task ON reservations (task) WHERE task > 0;
CREATE INDEX reservations_by_holder ON reservations (holder, task);

-- One row per claim. outcome: NULL while it lasts, then done, review, failed, released, handoff, expired or cancelled;
-- after a review done or rejected.
CREATE TABLE attempts (
  task       INTEGER NOT NULL,
  fence      INTEGER NOT NULL,
  actor      TEXT NOT NULL,
  session    TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at   INTEGER,
  outcome    TEXT,
  verified   INTEGER NOT NULL DEFAULT 0,    -- 1: by another one's review, or by evidence
  lessons    INTEGER NOT NULL DEFAULT 0,    -- how many the agent said it used
  note       TEXT,
  evidence   TEXT,                          -- JSON: command and exit code
  PRIMARY KEY (task, fence)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER task_created AFTER INSERT ON tasks BEGIN
  INSERT INTO changes (kind, op, ref, version, actor, at, swarm)
    VALUES ('task', NEW.status, 't' || NEW.seq, NEW.version, NEW.creator, NEW.created_at, NEW.swarm);
END;

-- op is the new status, or 'progress' where that stays.
CREATE TRIGGER task_changed AFTER UPDATE OF version ON tasks WHEN NEW.version <> OLD.version BEGIN
  INSERT INTO changes (kind, op, ref, version, actor, at, swarm)
    VALUES ('task', iif(NEW.status = OLD.status, 'progress', NEW.status), 't' || NEW.seq, NEW.version, NEW.actor,
            NEW.updated_at, NEW.swarm);
END;

CREATE TRIGGER task_claimed AFTER UPDATE OF fence ON tasks BEGIN
  INSERT INTO attempts (task, fence, actor, session, started_at)
    VALUES (NEW.seq, NEW.fence, NEW.owner, NEW.owner_session, NEW.updated_at);
  INSERT INTO reservations (glob, holder, task, shared, session, until)
    SELECT glob, NEW.owner, NEW.seq, 0, NEW.owner_session, 9999999999999 FROM task_writes WHERE task = NEW.seq;
END;

CREATE TRIGGER task_left AFTER UPDATE OF status ON tasks
  WHEN OLD.status IN ('claimed', 'review') AND NEW.status <> OLD.status BEGIN
  DELETE FROM reservations WHERE task = OLD.seq;
  UPDATE attempts SET ended_at = coalesce(ended_at, NEW.updated_at), outcome = NEW.attempt_ended, note = NEW.note
   WHERE task = OLD.seq AND fence = OLD.fence;
END;

-- What waits for a task that has ended: its dependants, which become ready when nothing else holds them back, and its
-- group, which ends with the last of its parts.
CREATE TRIGGER task_ended AFTER UPDATE OF status ON tasks
  WHEN NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL AND NEW.grp IS NOT NULL BEGIN
  UPDATE tasks SET pending_deps = pending_deps - (NEW.status = 'done'),
                   failed_deps = failed_deps + (NEW.status <> 'done'),
                   status = iif(status = 'blocked' AND pending_deps = 1 AND NEW.status = 'done', 'ready', status),
                   version = version + (status = 'blocked' AND pending_deps = 1 AND NEW.status = 'done'),
                   actor = NULL, updated_at = NEW.updated_at
   WHERE seq IN (SELECT task FROM task_deps WHERE dep = NEW.seq);
  UPDATE tasks SET pending_deps = pending_deps - 1,
                   failed_deps = failed_deps + (NEW.status IN ('failed', 'dead')),
                   status = CASE WHEN pending_deps > 1 THEN status
                                 WHEN failed_deps + (NEW.status IN ('failed', 'dead')) > 0 THEN 'failed'
                                 ELSE 'done' END,
                   ended_at = iif(pending_deps > 1, NULL, NEW.updated_at),
                   version = version + (pending_deps <= 1),
                   actor = NULL, updated_at = NEW.updated_at
   WHERE seq = NEW.grp;
END;

-- Claims that have run out, by the database's clock.
CREATE VIEW expired_claims AS
  SELECT seq, fence FROM tasks, clock
   WHERE status = 'claimed'
     AND (lease_until <= now OR hard_until <= now
          OR NOT EXISTS (SELECT 1 FROM sessions WHERE id = owner_session AND sessions.lease_until > now));

-- What lessons did for the attempts that used them. Memories of the kind 'lesson' hold their texts.
CREATE TABLE lesson_stats (
  lesson      TEXT PRIMARY KEY,             -- memories.id
  helpful     REAL NOT NULL,                -- verified outcomes: sums of weights, each times the growth of its time, so
  harmful     REAL NOT NULL,                -- that later ones weigh more and earlier ones need not be touched to decay
  own_helpful REAL NOT NULL,                -- the same of outcomes that rest on an agent's own word
  own_harmful REAL NOT NULL,
  uses        INTEGER NOT NULL,
  at          INTEGER NOT NULL,             -- of the last outcome
  retired_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE lesson_uses (
  lesson  TEXT NOT NULL,
  task    INTEGER NOT NULL,
  fence   INTEGER NOT NULL,
  success INTEGER NOT NULL,
  weight  REAL NOT NULL,                    -- 1.0: verified, 0.3: the agent's own word, 0: under review
  at      INTEGER NOT NULL,
  PRIMARY KEY (lesson, task, fence)
) STRICT, WITHOUT ROWID;

CREATE INDEX lesson_uses_by_task ON lesson_uses (task, fence);
