-- min_reader: 1
-- min_writer: 1

CREATE TABLE swarms (
  num                INTEGER PRIMARY KEY,
  id                 TEXT NOT NULL UNIQUE,
  project            TEXT NOT NULL,
  objective          TEXT,
  topology           TEXT NOT NULL,
  requested_topology TEXT NOT NULL,
  strategy           TEXT NOT NULL,
  max_agents         INTEGER NOT NULL,
  recommended_agents INTEGER NOT NULL,
  learning           INTEGER NOT NULL,
  report             TEXT NOT NULL,         -- JSON: reasons, confidence and metrics of the choice
  config             TEXT NOT NULL,         -- JSON object as the caller gave it
  status             TEXT NOT NULL,         -- 'active' or 'archived'
  coordinator        TEXT NOT NULL,         -- session of the principal that made it
  created_at         INTEGER NOT NULL,
  updated_at         INTEGER NOT NULL
) STRICT;

CREATE INDEX swarms_by_project ON swarms (project, status, num);

CREATE TRIGGER swarm_created AFTER INSERT ON swarms BEGIN
  INSERT INTO changes (kind, op, ref, actor, at) VALUES ('swarm', 'create', NEW.id, NEW.coordinator, NEW.created_at);
END;
