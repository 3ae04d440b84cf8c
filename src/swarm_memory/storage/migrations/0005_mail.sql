-- min_reader: 1
-- min_writer: 1

-- Up to where an agent has been told of changes. Never in the change sequence.
CREATE TABLE cursors (
  project TEXT NOT NULL,
  agent   TEXT NOT NULL,                    -- as the agent calls itself: a name or a handle
  epoch   TEXT NOT NULL,
  seq     INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (project, agent)
) STRICT, WITHOUT ROWID;

CREATE INDEX cursors_by_age ON cursors (at);

-- Mail inside a swarm. Its public name is 'm' || seq. An actor is an agent's handle, or '@' and a principal's name.
CREATE TABLE messages (
  seq        INTEGER PRIMARY KEY,
  swarm      INTEGER NOT NULL,              -- swarms.num
  sender     TEXT NOT NULL,                 -- actor
  thread     INTEGER NOT NULL,              -- seq of the message that began it
  reply_to   INTEGER,                       -- messages.seq
  ack        INTEGER NOT NULL,              -- 1: it stays in an inbox until it is acknowledged
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  batch      TEXT NOT NULL UNIQUE,          -- a name by which its own batch finds it
  subject    TEXT,
  body       TEXT NOT NULL
) STRICT;

CREATE INDEX messages_by_expiry ON messages (expires_at);

-- One for each who gets it. state: 0 unread; 1 read, and an acknowledgement is asked for; 2 done with.
CREATE TABLE deliveries (
  recipient TEXT NOT NULL,                  -- actor
  message   INTEGER NOT NULL,
  state     INTEGER NOT NULL DEFAULT 0,
  ack       INTEGER NOT NULL,               -- as its message's
  shows     INTEGER NOT NULL DEFAULT 0,     -- how often it was shown
  shown_in  TEXT,                           -- the call that showed it last
  lost_at   INTEGER,                        -- the recipient was gone before it was read, and the sender was told
  acked_at  INTEGER,
  wanted    TEXT,                           -- whom the sender wanted, where the topology sends it to this one instead
  PRIMARY KEY (recipient, message)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_by_message ON deliveries (message);
CREATE INDEX deliveries_open ON deliveries (recipient, state, message) WHERE state < 2;
CREATE INDEX deliveries_new ON deliveries (recipient, message) WHERE state = 0 AND lost_at IS NULL;
CREATE INDEX deliveries_shown ON deliveries (shown_in) WHERE shown_in IS NOT NULL;

CREATE TRIGGER message_sent AFTER INSERT ON messages BEGIN
  INSERT INTO changes (kind, op, ref, actor, at, swarm)
    VALUES ('message', 'send', 'm' || NEW.seq, NEW.sender, NEW.created_at, NEW.swarm);
END;

-- For the sender: somebody has acknowledged it, or is gone without having read it.
CREATE TRIGGER message_acked AFTER UPDATE OF acked_at ON deliveries
  WHEN NEW.acked_at IS NOT NULL AND OLD.acked_at IS NULL BEGIN
  INSERT INTO changes (kind, op, ref, actor, at, swarm)
    SELECT 'message', 'ack', 'm' || seq, NEW.recipient, NEW.acked_at, swarm FROM messages
     WHERE seq = NEW.message AND ack = 1;
END;

CREATE TRIGGER mail_of_retired AFTER UPDATE OF retired_at ON agents
  WHEN NEW.retired_at IS NOT NULL AND OLD.retired_at IS NULL BEGIN
  UPDATE deliveries SET lost_at = NEW.retired_at WHERE recipient = NEW.handle AND state = 0 AND lost_at IS NULL;
END;

CREATE TRIGGER message_lost AFTER UPDATE OF lost_at ON deliveries
  WHEN NEW.lost_at IS NOT NULL AND OLD.lost_at IS NULL BEGIN
  INSERT INTO changes (kind, op, ref, actor, at, swarm)
    SELECT 'message', 'undelivered', 'm' || seq, NEW.recipient, NEW.lost_at, swarm FROM messages
     WHERE seq = NEW.message;
END;
