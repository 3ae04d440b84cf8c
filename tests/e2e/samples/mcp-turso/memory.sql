CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    user_id TEXT,
    message TEXT NOT NULL,
    response TEXT,
    timestamp DATETIME DEFAULT CURRENT_TIMESTAMP,
    context TEXT,
    metadata TEXT
);
CREATE TABLE knowledge_base (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    content TEXT NOT NULL,
    source TEXT,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    tags TEXT,
    priority INTEGER DEFAULT 1
);
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    status TEXT DEFAULT 'pending'
);
INSERT INTO conversations (session_id, user_id, message, response, timestamp, context) VALUES
  ('session-7', 'ada', 'Why do refresh tokens rotate?', 'Because of replay.', '2026-10-01 09:30:00', 'security review'),
  ('session-7', 'ada', 'And access tokens?', NULL, '2026-10-01 09:31:00', NULL);
INSERT INTO knowledge_base (topic, content, source, created_at, tags, priority) VALUES
  ('Refresh tokens', 'They rotate on every use, because of replay', 'review', '2026-10-02 10:00:00', 'auth,security', 2);
INSERT INTO tasks (title) VALUES ('Rotate the keys');
