-- Patterns of a project that were added behind a number.
-- name: globs_behind
SELECT num, pattern FROM globs WHERE project = :project AND num > :after ORDER BY num;

-- Whoever adds a pattern has compared it with all that are there: if one came meanwhile, look again.
-- name: refuse_new_globs
INSERT INTO refusal SELECT 1 FROM globs WHERE project = :project AND num > :known LIMIT 1;

-- name: add_globs
INSERT OR IGNORE INTO globs (project, pattern) SELECT :project, value FROM json_each(:patterns);

-- :pairs is a JSON list of pairs of patterns, each pair once.
-- name: add_overlaps
INSERT OR IGNORE INTO glob_overlaps (one, other)
SELECT first.num, second.num FROM json_each(:pairs) AS one
  JOIN globs AS first ON first.project = :project AND first.pattern = json_extract(one.value, '$[0]')
  JOIN globs AS second ON second.project = :project AND second.pattern = json_extract(one.value, '$[1]')
UNION ALL
SELECT second.num, first.num FROM json_each(:pairs) AS one
  JOIN globs AS first ON first.project = :project AND first.pattern = json_extract(one.value, '$[0]')
  JOIN globs AS second ON second.project = :project AND second.pattern = json_extract(one.value, '$[1]');

-- :writes is a JSON list of [place in the call, pattern].
-- name: add_task_writes
INSERT OR IGNORE INTO task_writes (task, glob)
SELECT base.seq + 1 + json_extract(one.value, '$[0]'), globs.num
  FROM json_each(:writes) AS one JOIN tasks AS base ON base.batch = :batch
  JOIN globs ON globs.project = :project AND globs.pattern = json_extract(one.value, '$[1]');
