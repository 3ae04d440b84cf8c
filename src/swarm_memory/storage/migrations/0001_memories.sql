-- min_reader: 1
-- min_writer: 1

-- The database's clock in milliseconds since 1970 UTC. Every write takes its time from here, so that machines
-- whose clocks differ agree. julianday works on every SQLite that Python ships.
CREATE VIEW clock AS SELECT CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) AS now;

-- Facts about the store itself: its epoch (replaced by a restore), when it was last purged, and up to which time the
-- purge that is just running reaches (0: none is due).
CREATE TABLE facts (
  name  TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO facts (name, value) VALUES ('epoch', lower(hex(randomblob(8)))), ('purged_at', 0), ('purging', 0);

-- A guard is a statement that inserts into this view when its rule is broken: it aborts the whole batch, and the
-- guard's own name says which rule it was.
CREATE VIEW refusal AS SELECT 1 AS broken;

CREATE TRIGGER refusal_aborts INSTEAD OF INSERT ON refusal BEGIN
  SELECT RAISE(ABORT, 'refused');
END;

-- The change sequence: one row per committed change, in commit order. Audit trail, event feed and freshness token.
CREATE TABLE changes (
  seq     INTEGER PRIMARY KEY,
  kind    TEXT NOT NULL,
  op      TEXT NOT NULL,
  ref     TEXT NOT NULL,
  version INTEGER,                          -- of a memory: the one that this change made
  actor   TEXT,
  at      INTEGER NOT NULL
) STRICT;

-- One durable record of any kind. num is the stable row number of the indexes; id is the public name.
-- A row lives while expires_at is in the future; 9999999999999 (the year 2286) is for good. A deleted or purged row
-- is a tombstone: buried = 1 or 2 (deleted, expired), expires_at = 0, content gone, in no index. It keeps the version, so
-- that the numbering of a key never restarts.
CREATE TABLE memories (
  num          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  project      TEXT NOT NULL,
  namespace    TEXT NOT NULL,
  key          TEXT,
  kind         TEXT NOT NULL,
  format       TEXT NOT NULL,               -- of content: 'text' or 'json'
  size         INTEGER NOT NULL,            -- bytes of the value as JSON, of the content as UTF-8
  source       TEXT,
  priority     TEXT,
  conversation TEXT,                        -- session_id of the dialogue that this is a turn of
  digest       TEXT,                        -- recognises the same knowledge given again
  version      INTEGER NOT NULL,
  born         INTEGER NOT NULL,            -- the version that began the present life
  expires_at   INTEGER NOT NULL DEFAULT 9999999999999,
  buried       INTEGER NOT NULL DEFAULT 0,
  agent        TEXT,
  session      TEXT,
  host         TEXT,
  branch       TEXT,
  revision     TEXT,
  created_at   INTEGER NOT NULL,
  updated_at   INTEGER NOT NULL,
  -- What can be long stands last, so that a filter on the rest need not read through it.
  topic        TEXT,
  tags         TEXT NOT NULL DEFAULT '[]',
  attributes   TEXT NOT NULL DEFAULT '{}',
  content      TEXT NOT NULL,               -- text as it is, or JSON text: see format
  body         TEXT,                        -- words of a JSON value for the index; NULL: content is searched itself
  UNIQUE (project, namespace, key)
) STRICT;

CREATE INDEX memories_by_change ON memories (project, updated_at);
CREATE INDEX memories_by_turn ON memories (project, conversation, num) WHERE conversation IS NOT NULL;
CREATE INDEX memories_by_age_of_turn ON memories (project, num) WHERE conversation IS NOT NULL;
CREATE INDEX memories_by_digest ON memories (project, namespace, digest) WHERE digest IS NOT NULL;
CREATE INDEX memories_by_expiry ON memories (expires_at) WHERE expires_at < 9999999999999 AND buried = 0;

CREATE TABLE memory_tags (
  tag    TEXT NOT NULL,
  memory INTEGER NOT NULL,
  PRIMARY KEY (tag, memory)
) STRICT, WITHOUT ROWID;

-- Past versions, the last 200 of each memory; the present one is the row in memories. deleted is that row's buried.
CREATE TABLE versions (
  memory     INTEGER NOT NULL,
  version    INTEGER NOT NULL,
  format     TEXT NOT NULL,
  size       INTEGER NOT NULL,
  agent      TEXT,
  at         INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  deleted    INTEGER NOT NULL,
  content    TEXT NOT NULL,
  PRIMARY KEY (memory, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX versions_by_expiry ON versions (expires_at) WHERE expires_at BETWEEN 1 AND 9999999999998;

-- Writes that came with a request id, and their outcomes: a retry is told the first outcome. Kept 24 hours.
CREATE TABLE requests (
  scope   TEXT NOT NULL,
  id      TEXT NOT NULL,
  call    TEXT NOT NULL,                    -- hash of the tool and its arguments
  outcome TEXT NOT NULL DEFAULT '[]',
  at      INTEGER NOT NULL,
  PRIMARY KEY (scope, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX requests_by_age ON requests (at);

CREATE VIEW memory_words AS
  SELECT num, coalesce(key, topic) AS title, tags, attributes, coalesce(body, content) AS body, agent AS who
    FROM memories WHERE buried = 0;

CREATE VIRTUAL TABLE memory_index USING fts5(
  title, tags, attributes, body, who,
  content = 'memory_words', content_rowid = 'num', tokenize = 'porter unicode61 remove_diacritics 2'
);

CREATE TRIGGER memory_created AFTER INSERT ON memories BEGIN
  INSERT INTO memory_index (rowid, title, tags, attributes, body, who)
    VALUES (NEW.num, coalesce(NEW.key, NEW.topic), NEW.tags, NEW.attributes, coalesce(NEW.body, NEW.content), NEW.agent);
  INSERT INTO memory_tags (tag, memory) SELECT DISTINCT value, NEW.num FROM json_each(NEW.tags);
  INSERT INTO changes (kind, op, ref, version, actor, at)
    VALUES ('memory', 'create', NEW.id, NEW.version, coalesce(NEW.agent, NEW.session), NEW.updated_at);
END;

-- Every new version, deletions included. (What expires is buried by statements of its own, see requests.sql: a second
-- trigger on updates would have to be compiled into every write, and libSQL's binding keeps no prepared statements.)
CREATE TRIGGER memory_changed AFTER UPDATE OF version ON memories BEGIN
  INSERT INTO versions (memory, version, content, format, size, agent, at, expires_at, deleted)
    VALUES (OLD.num, OLD.version, OLD.content, OLD.format, OLD.size, coalesce(OLD.agent, OLD.session), OLD.updated_at,
            OLD.expires_at, OLD.buried);
  DELETE FROM versions WHERE memory = NEW.num AND version < NEW.version - 200;
  INSERT INTO memory_index (memory_index, rowid, title, tags, attributes, body, who)
    SELECT 'delete', OLD.num, coalesce(OLD.key, OLD.topic), OLD.tags, OLD.attributes, coalesce(OLD.body, OLD.content),
           OLD.agent
     WHERE OLD.buried = 0;
  INSERT INTO memory_index (rowid, title, tags, attributes, body, who)
    SELECT NEW.num, coalesce(NEW.key, NEW.topic), NEW.tags, NEW.attributes, coalesce(NEW.body, NEW.content), NEW.agent
     WHERE NEW.buried = 0;
  DELETE FROM memory_tags
   WHERE tag IN (SELECT value FROM json_each(OLD.tags) WHERE OLD.tags <> NEW.tags) AND memory = NEW.num;
  INSERT INTO memory_tags (tag, memory)
    SELECT DISTINCT value, NEW.num FROM json_each(NEW.tags) WHERE OLD.tags <> NEW.tags;
  INSERT INTO changes (kind, op, ref, version, actor, at)
    VALUES ('memory', iif(NEW.buried, 'delete', iif(NEW.born = NEW.version, 'create', 'update')), NEW.id, NEW.version,
            coalesce(NEW.agent, NEW.session), NEW.updated_at);
END;

-- What is there now, by the database's clock: for conditions inside a write.
CREATE VIEW live_memories AS SELECT * FROM memories WHERE expires_at > (SELECT now FROM clock);

-- While a purge is running: memories that have expired and are still in the indexes, up to 200 and about a megabyte.
CREATE VIEW due_for_purge AS
  SELECT num FROM (
    SELECT num, sum(size) OVER (ORDER BY expires_at, num) - size AS before FROM (
      SELECT num, size, expires_at FROM memories
       WHERE expires_at < 9999999999999 AND buried = 0
         AND expires_at <= (SELECT value FROM facts WHERE name = 'purging')
       ORDER BY expires_at, num LIMIT 200))
   WHERE before < 1000000;
