-- report.lua: tell the batch of a job what came of it, for a client without a claim: Ruby's workers.
-- KEYS[1] -> mt:batch:<bid>
-- ARGV[1] -> jid   ARGV[2] -> success, dropped, failure or death   ARGV[3] -> now, float seconds
-- Returns nothing. One step: a kill or a refusal leaves batch and callbacks as they were. A job that is not open any more
-- changes nothing, so it may be reported again.

-- batch.lua

batch_report(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
