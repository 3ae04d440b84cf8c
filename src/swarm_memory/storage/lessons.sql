-- Which lessons an attempt used. A completion that is to be reviewed counts for nothing yet; the review settles it.
-- name: note_uses
INSERT OR IGNORE INTO lesson_uses (lesson, task, fence, success, weight, at)
SELECT memories.id, :seq, :fence, :success, iif((SELECT status FROM tasks WHERE seq = :seq) = 'review', 0, :weight), now
  FROM json_each(:lessons) AS one JOIN memories ON memories.id = one.value, clock
 WHERE memories.kind = 'lesson' AND memories.project = :project;

-- name: settle_uses
UPDATE lesson_uses SET success = :success, weight = :weight, at = (SELECT now FROM clock) WHERE task = :seq AND fence = :fence;

-- :growth makes later outcomes weigh more, instead of letting earlier ones decay: see models/lessons.py.
-- name: count_uses
INSERT INTO lesson_stats (lesson, helpful, harmful, own_helpful, own_harmful, uses, at)
SELECT lesson, iif(weight >= 1, success, 0) * weight * :growth, iif(weight >= 1, 1 - success, 0) * weight * :growth,
       iif(weight < 1, success, 0) * weight * :growth, iif(weight < 1, 1 - success, 0) * weight * :growth, 1, at
  FROM lesson_uses WHERE task = :seq AND fence = :fence AND weight > 0
ON CONFLICT (lesson) DO UPDATE SET
  helpful = helpful + excluded.helpful, harmful = harmful + excluded.harmful,
  own_helpful = own_helpful + excluded.own_helpful, own_harmful = own_harmful + excluded.own_harmful,
  uses = uses + 1, at = excluded.at;

-- The upper bound of the true rate lies under :below: Wilson's bound without a square root, solved for the rate at which it
-- would be just there.
-- name: retire_lessons
UPDATE lesson_stats SET retired_at = (SELECT now FROM clock)
 WHERE retired_at IS NULL AND lesson IN (
   SELECT lesson FROM (
     SELECT lesson, (helpful + own_helpful * kept) / :growth AS good,
            (helpful + harmful + (own_helpful + own_harmful) * kept) / :growth AS number
       FROM (SELECT stats.*, min(1.0, :most_own * :growth / max(own_helpful + own_harmful, 1e-300)) AS kept
               FROM lesson_stats AS stats
              WHERE lesson IN (SELECT lesson FROM lesson_uses WHERE task = :seq AND fence = :fence)))
    WHERE number >= :from_number AND good / number < :below
      AND (:below - good / number) * (:below - good / number) * number > :square * :below * (1 - :below));

-- name: records_of
SELECT lesson, helpful, harmful, own_helpful, own_harmful FROM lesson_stats
 WHERE lesson IN (SELECT value FROM json_each(:lessons)) AND retired_at IS NULL;

-- name: retired_of
SELECT lesson FROM lesson_stats WHERE lesson IN (SELECT value FROM json_each(:lessons)) AND retired_at IS NOT NULL;

-- Attempts of a swarm that have an outcome: with lessons and without.
-- name: outcomes
SELECT lessons > 0 AS used, count(*), sum(outcome = 'done'), sum(verified)
  FROM attempts JOIN tasks ON tasks.seq = attempts.task
 WHERE tasks.swarm = :swarm AND outcome IN ('done', 'failed', 'rejected') GROUP BY used;
