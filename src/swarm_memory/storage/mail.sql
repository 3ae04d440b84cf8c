-- Who is there to get mail, by the database's clock: asked of the store that is written to.

-- name: roster
SELECT topology, coalesce(json_extract(report, '$.group_mail'), 0) AS group_mail,
       (SELECT json_group_array(actor) FROM coordinators WHERE coordinators.swarm = :swarm) AS coordinators,
       (SELECT json_group_array('@' || principal) FROM (
          SELECT principal FROM sessions WHERE lease_until > (SELECT now FROM clock) LIMIT 1000)) AS principals
  FROM swarms WHERE num = :swarm;

-- name: roster_members
SELECT num, handle, name, role, parent, position FROM live_agents WHERE swarm = :swarm ORDER BY position, num;

-- name: earlier_message
SELECT seq, thread, sender FROM messages WHERE seq = :seq AND swarm = :swarm;

-- A flooded inbox is nobody's to flood further. :to is a JSON list of [recipient, wanted].
-- name: refuse_full_inbox
INSERT INTO refusal SELECT 1 FROM json_each(:to) AS one
 WHERE (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE recipient = json_extract(one.value, '$[0]') AND state = 0
                               LIMIT 5000)) >= 5000;

-- name: send_message
INSERT INTO messages (seq, swarm, sender, thread, reply_to, ack, created_at, expires_at, batch, subject, body)
SELECT next, :swarm, :sender, coalesce(:thread, next), :reply_to, :ack, now, now + :ttl, :batch, :subject, :body
  FROM clock, (SELECT coalesce(max(seq), 0) + 1 AS next FROM messages);

-- name: deliver_message
INSERT INTO deliveries (recipient, message, ack, wanted)
SELECT json_extract(one.value, '$[0]'), seq, ack, json_extract(one.value, '$[1]')
  FROM json_each(:to) AS one, messages WHERE batch = :batch;

-- name: send_result
SELECT json_object('message', seq, 'thread', thread, 'seq', (SELECT max(changes.seq) FROM changes),
                   'to', json((SELECT json_group_array(json_array(recipient, wanted)) FROM deliveries WHERE message = seq)))
  FROM messages WHERE batch = :batch;

-- Unread mail of agents that are gone: their senders hear of it.
-- name: tell_lost
UPDATE deliveries SET lost_at = (SELECT now FROM clock)
 WHERE (recipient, message) IN (
   SELECT recipient, message FROM agents CROSS JOIN deliveries ON recipient = agents.handle
    WHERE agents.swarm = :swarm AND state = 0 AND lost_at IS NULL
      AND agents.num NOT IN (SELECT num FROM live_agents WHERE live_agents.swarm = :swarm) LIMIT 100);

-- Messages past their time, with their deliveries; but for the last one, so that no number is given twice.
-- name: forget_deliveries
DELETE FROM deliveries
 WHERE message IN (SELECT seq FROM messages WHERE expires_at <= (SELECT now FROM clock) ORDER BY expires_at LIMIT 50);

-- name: forget_messages
DELETE FROM messages
 WHERE seq IN (SELECT seq FROM messages WHERE expires_at <= (SELECT now FROM clock) ORDER BY expires_at LIMIT 50)
   AND seq < (SELECT max(seq) FROM messages);

-- name: refuse_strange_ack
INSERT INTO refusal SELECT 1 FROM json_each(:ids) AS one
 WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE recipient = :actor AND message = one.value);

-- name: acknowledge
UPDATE deliveries SET acked_at = (SELECT now FROM clock), state = 2
 WHERE recipient = :actor AND message IN (SELECT value FROM json_each(:ids)) AND acked_at IS NULL;

-- Up to :limit messages and about :bytes of text, unread ones first; always one.
-- name: show_inbox
UPDATE deliveries SET state = iif(ack = 1, 1, 2), shows = shows + 1, shown_in = :call
 WHERE recipient = :actor AND message IN (
   SELECT message FROM (
     SELECT message, sum(size) OVER (ORDER BY state, message) - size AS before
       FROM (SELECT d.message, d.state, length(body) + coalesce(length(subject), 0) + 100 AS size
               FROM deliveries AS d CROSS JOIN messages ON messages.seq = d.message
              WHERE d.recipient = :actor AND d.state < 2 AND expires_at > (SELECT now FROM clock)
              ORDER BY d.state, d.message LIMIT :limit))
    WHERE before < :bytes);

-- name: inbox_result
SELECT json_object(
         'messages', json((
           SELECT json_group_array(json_object(
                    'seq', seq, 'sender', sender, 'wanted', wanted, 'subject', subject, 'body', body, 'thread', thread,
                    'reply_to', reply_to, 'ack', ack, 'again', shows > 1, 'at', created_at))
             FROM (SELECT * FROM deliveries CROSS JOIN messages ON messages.seq = deliveries.message
                    WHERE shown_in = :call ORDER BY shows > 1, messages.seq))),
         'acked', (SELECT count(*) FROM deliveries, json_each(:ids) AS one
                    WHERE recipient = :actor AND message = one.value AND state = 2),
         'unread', (SELECT count(*) FROM (
                      SELECT 1 FROM deliveries CROSS JOIN messages ON messages.seq = deliveries.message
                       WHERE recipient = :actor AND state = 0 AND expires_at > (SELECT now FROM clock) LIMIT 1000)));

-- name: open_mail
SELECT count(*), coalesce(sum(state = 0), 0) FROM (
  SELECT state FROM json_each(:actors) AS one
   CROSS JOIN deliveries ON recipient = one.value
   CROSS JOIN messages ON messages.seq = deliveries.message
   WHERE state < 2 AND expires_at > :now LIMIT 1000);

-- The handles that a name means in a session.
-- name: own_handles
SELECT handle FROM agents WHERE session = :session AND name = :name AND retired_at IS NULL ORDER BY num DESC LIMIT 8;
