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

-- One for each who gets it. A message is unread, read, or acknowledged; one that asks for no acknowledgement is done
-- with when it is read.
CREATE TABLE deliveries (
  recipient   TEXT NOT NULL,                -- actor
  message     INTEGER NOT NULL,
  wanted      TEXT,                         -- whom the sender wanted, where the topology sends it to this one instead
  read_at     INTEGER,
  acked_at    INTEGER,
  lost_at     INTEGER,                      -- the recipient was gone before it was read, and the sender was told
  shown       TEXT,                         -- the call that showed it last
  PRIMARY KEY (recipient, message)
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_by_message ON deliveries (message);
CREATE INDEX deliveries_unread ON deliveries (recipient, message) WHERE read_at IS NULL;

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

CREATE TRIGGER message_lost AFTER UPDATE OF lost_at ON deliveries
  WHEN NEW.lost_at IS NOT NULL AND OLD.lost_at IS NULL BEGIN
  INSERT INTO changes (kind, op, ref, actor, at, swarm)
    SELECT 'message', 'undelivered', 'm' || seq, NEW.recipient, NEW.lost_at, swarm FROM messages
     WHERE seq = NEW.message;
END;
