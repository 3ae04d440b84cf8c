BEGIN TRANSACTION;
CREATE TABLE memory_entries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        namespace TEXT NOT NULL DEFAULT 'default',
        metadata TEXT,
        created_at INTEGER DEFAULT (strftime('%s', 'now')),
        updated_at INTEGER DEFAULT (strftime('%s', 'now')),
        accessed_at INTEGER DEFAULT (strftime('%s', 'now')),
        access_count INTEGER DEFAULT 0,
        ttl INTEGER,
        expires_at INTEGER,
        UNIQUE(key, namespace)
      );
INSERT INTO "memory_entries" VALUES(1,'swarm/shared/plan','{"step":1,"of":"the rollout"}','coordination','{"sessionId":"session-cf-1795619816646-pfue","storedBy":"mcp-server","type":"knowledge"}',1795619816,1795619816,1795619816,0,NULL,NULL);
INSERT INTO "memory_entries" VALUES(2,'decision/tokens','Refresh tokens rotate on every use, because of replay','default','{"sessionId":"session-cf-1795619816646-pfue","storedBy":"mcp-server","type":"knowledge"}',1795619816,1795619816,1795619816,0,NULL,NULL);
INSERT INTO "memory_entries" VALUES(3,'feature/user-auth','implementing JWT','swarm','{"sessionId":"session-cf-1795619816646-pfue","storedBy":"mcp-server","type":"knowledge"}',1795619816,1795619816,1795619816,0,315000000,2110619816);
CREATE INDEX idx_memory_namespace ON memory_entries(namespace);
CREATE INDEX idx_memory_expires ON memory_entries(expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX idx_memory_accessed ON memory_entries(accessed_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('memory_entries',3);
COMMIT;
