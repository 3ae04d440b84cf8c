-- min_reader: 1
-- min_writer: 3

-- Words that the index would not see otherwise: the parts of camelCase names, and the characters of scripts that put no
-- blanks between words. Made by the program that writes (models/hints.py).
ALTER TABLE memories ADD COLUMN hints TEXT;

-- Where a memory is, as words for the index: a search within a project need not read what others have. Hexadecimal, so
-- that any name is one word.
ALTER TABLE memories ADD COLUMN place TEXT
  GENERATED ALWAYS AS ('p' || hex(project) || ' n' || hex(namespace) || ' k' || kind) VIRTUAL;

-- Vectors of a memory's parts, one behind the other, each of as many signed bytes as the model has dimensions. A row is
-- of the memory's present version; one that is missing is made again from the text.
CREATE TABLE memory_vectors (
  memory  INTEGER PRIMARY KEY,
  model   TEXT NOT NULL,
  vectors BLOB NOT NULL
) STRICT;

DROP TRIGGER memory_created;
DROP TRIGGER memory_changed;
DROP TABLE memory_index;
DROP VIEW memory_words;

CREATE VIEW memory_words AS
  SELECT num, coalesce(key, topic) AS title, tags, attributes, coalesce(body, content) AS body, agent AS who, hints, place
    FROM memories WHERE buried = 0;

CREATE VIRTUAL TABLE memory_index USING fts5(
  title, tags, attributes, body, who, hints, place,
  content = 'memory_words', content_rowid = 'num', tokenize = 'porter unicode61 remove_diacritics 2'
);

INSERT INTO memory_index (memory_index) VALUES ('rebuild');

CREATE TRIGGER memory_created AFTER INSERT ON memories BEGIN
  INSERT INTO memory_index (rowid, title, tags, attributes, body, who, hints, place)
    VALUES (NEW.num, coalesce(NEW.key, NEW.topic), NEW.tags, NEW.attributes, coalesce(NEW.body, NEW.content), NEW.agent,
            NEW.hints, NEW.place);
  INSERT INTO memory_tags (tag, memory) SELECT DISTINCT value, NEW.num FROM json_each(NEW.tags);
  INSERT INTO changes (kind, op, ref, version, actor, at)
    VALUES ('memory', 'create', NEW.id, NEW.version, coalesce(NEW.agent, NEW.session), NEW.updated_at);
END;

-- As in the first migration, and with the vectors.
CREATE TRIGGER memory_changed AFTER UPDATE OF version ON memories BEGIN
  INSERT INTO versions (memory, version, content, format, size, agent, at, expires_at, deleted)
    VALUES (OLD.num, OLD.version, OLD.content, OLD.format, OLD.size, coalesce(OLD.agent, OLD.session), OLD.updated_at,
            OLD.expires_at, OLD.buried);
  DELETE FROM versions WHERE memory = NEW.num AND version < NEW.version - 200;
  INSERT INTO memory_index (memory_index, rowid, title, tags, attributes, body, who, hints, place)
    SELECT 'delete', OLD.num, coalesce(OLD.key, OLD.topic), OLD.tags, OLD.attributes, coalesce(OLD.body, OLD.content),
           OLD.agent, OLD.hints, OLD.place
     WHERE OLD.buried = 0;
  INSERT INTO memory_index (rowid, title, tags, attributes, body, who, hints, place)
    SELECT NEW.num, coalesce(NEW.key, NEW.topic), NEW.tags, NEW.attributes, coalesce(NEW.body, NEW.content), NEW.agent,
           NEW.hints, NEW.place
     WHERE NEW.buried = 0;
  DELETE FROM memory_tags
   WHERE tag IN (SELECT value FROM json_each(OLD.tags) WHERE OLD.tags <> NEW.tags) AND memory = NEW.num;
  INSERT INTO memory_tags (tag, memory)
    SELECT DISTINCT value, NEW.num FROM json_each(NEW.tags) WHERE OLD.tags <> NEW.tags;
  DELETE FROM memory_vectors WHERE memory = NEW.num;
  INSERT INTO changes (kind, op, ref, version, actor, at)
    VALUES ('memory', iif(NEW.buried, 'delete', iif(NEW.born = NEW.version, 'create', 'update')), NEW.id, NEW.version,
            coalesce(NEW.agent, NEW.session), NEW.updated_at);
END;
