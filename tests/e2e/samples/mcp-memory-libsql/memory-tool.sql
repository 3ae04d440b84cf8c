BEGIN TRANSACTION;
CREATE TABLE entities (
					name TEXT PRIMARY KEY,
					entity_type TEXT NOT NULL,
					created_at DATETIME DEFAULT CURRENT_TIMESTAMP
				);
INSERT INTO "entities" VALUES('auth-service','service','2026-11-25 15:17:04');
INSERT INTO "entities" VALUES('Ada Lovelace','person','2026-11-25 15:17:04');
CREATE TABLE observations (
					id INTEGER PRIMARY KEY AUTOINCREMENT,
					entity_name TEXT NOT NULL,
					content TEXT NOT NULL,
					created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
					FOREIGN KEY (entity_name) REFERENCES entities(name)
				);
INSERT INTO "observations" VALUES(1,'auth-service','Refresh tokens rotate on every use, because of replay','2026-11-25 15:17:04');
INSERT INTO "observations" VALUES(2,'auth-service','Written in Go','2026-11-25 15:17:04');
INSERT INTO "observations" VALUES(3,'Ada Lovelace','Prefers small commits','2026-11-25 15:17:04');
CREATE TABLE relations (
					id INTEGER PRIMARY KEY AUTOINCREMENT,
					source TEXT NOT NULL,
					target TEXT NOT NULL,
					relation_type TEXT NOT NULL,
					created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
					FOREIGN KEY (source) REFERENCES entities(name),
					FOREIGN KEY (target) REFERENCES entities(name)
				);
INSERT INTO "relations" VALUES(1,'Ada Lovelace','auth-service','maintains','2026-11-25 15:17:04');
CREATE INDEX idx_entities_name ON entities(name);
CREATE INDEX idx_observations_entity ON observations(entity_name);
CREATE INDEX idx_relations_source ON relations(source);
CREATE INDEX idx_relations_target ON relations(target);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('observations',3);
INSERT INTO "sqlite_sequence" VALUES('relations',1);
COMMIT;
