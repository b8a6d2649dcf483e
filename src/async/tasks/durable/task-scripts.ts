/**
 * What is kept of a task beside what bullmq keeps of its job: fields of the same hash, so that they go with it.
 *
 * - `t:begun` counts attempts; `t:first` is when the first began; `t:due` since when it waits for its place.
 * - `t:queued` and `t:ran` add up milliseconds of attempts that are over.
 * - `t:cancel` is why it was cancelled. It stands until the task has ended.
 * - `t:end` is how it ended other than well. It counts once the job has ended, and before when it is marked as `early`:
 *   work that outlived its timeout still has its place.
 *
 * Times are milliseconds since 1970 of whoever writes, as those of bullmq are.
 */

/** What {@link READ} tells of each task. */
export const READ_FIELDS = [
  'name',
  'timestamp',
  'processedOn',
  'finishedOn',
  'progress',
  'failedReason',
  't:begun',
  't:due',
  't:queued',
  't:ran',
  't:cancel',
  't:end',
] as const;

/** Lua counts from 1. */
function placeOf(field: (typeof READ_FIELDS)[number]): number {
  return READ_FIELDS.indexOf(field) + 1;
}

/**
 * Reads tasks in one go. KEYS: what opens the keys of jobs, the set of delayed jobs. ARGV: 1 when the results are
 * wanted, then ids. Of each: the fields, its place (`delayed`, `active`, `waiting`, `done`, `failed`), since when and how
 * long it may wait, and the result; or nothing. Only what waits can do so for too long: only then its envelope is read.
 */
export const READ = `
local found = {}
for i = 2, #ARGV do
  local key = KEYS[1] .. ARGV[i]
  local task = redis.call('HMGET', key, ${READ_FIELDS.map((field) => `'${field}'`).join(', ')})
  if task[1] then
    local place, dueAt, patience, result = 'waiting', '', '', ''
    if task[${placeOf('finishedOn')}] then
      place = 'failed'
      if redis.call('HEXISTS', key, 'returnvalue') == 1 then
        place = 'done'
        if ARGV[1] == '1' then result = redis.call('HGET', key, 'returnvalue') end
      end
    elseif redis.call('ZSCORE', KEYS[2], ARGV[i]) then
      place = 'delayed'
    elseif redis.call('EXISTS', key .. ':lock') == 1 then
      place = 'active'
    else
      local ok, envelope = pcall(cjson.decode, redis.call('HGET', key, 'data'))
      if ok and type(envelope) == 'table' then
        dueAt = string.format('%.0f', tonumber(envelope['dueAt']) or tonumber(task[${placeOf('timestamp')}]) or 0)
        local limit = tonumber(envelope['queueTimeoutMs'])
        if limit then patience = string.format('%.0f', limit) end
      end
    end
    task[#task + 1] = place
    task[#task + 1] = dueAt
    task[#task + 1] = patience
    task[#task + 1] = result
    found[#found + 1] = task
  else
    found[#found + 1] = false
  end
end
return found`;

/**
 * Begins an attempt. KEYS: the job. ARGV: now, since when it waits or nothing, how long it may or nothing. Tells what is
 * to become of it (`run`, `cancelled`, `ended`, `expired`), and then why, or: the number of the attempt, when the first
 * began, how long it waited. A task that was taken from a process that died has no time at which it began to wait.
 */
export const BEGIN = `
local now = tonumber(ARGV[1])
local known = redis.call('HMGET', KEYS[1], 't:cancel', 't:end', 't:due', 't:begun', 'timestamp')
if known[1] then return {'cancelled', known[1]} end
if known[2] and cjson.decode(known[2])['early'] then return {'ended', known[2]} end
local first = ARGV[2] ~= '' and ARGV[2] or known[5]
local due = tonumber(known[3] or (not known[4] and first) or now)
local waited = math.max(0, now - due)
if ARGV[3] ~= '' and waited > tonumber(ARGV[3]) then return {'expired'} end
redis.call('HDEL', KEYS[1], 't:due', 't:end')
redis.call('HSETNX', KEYS[1], 't:first', now)
redis.call('HINCRBY', KEYS[1], 't:queued', waited)
local attempt = redis.call('HINCRBY', KEYS[1], 't:begun', 1)
return {'run', attempt, tonumber(redis.call('HGET', KEYS[1], 't:first')), waited}`;

/**
 * Notes how an attempt went, of a task that is still known. KEYS: the job. ARGV: milliseconds it ran, what it ended with
 * or nothing, since when it waits again or nothing, the channel to tell or nothing.
 */
export const NOTE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 't:ran', ARGV[1])
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 't:end', ARGV[2]) end
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 't:due', ARGV[3]) end
if ARGV[4] ~= '' then redis.call('PUBLISH', ARGV[4], '') end
return 1`;

/**
 * Cancels a task that can still have a result, and tells its worker and those who wait. KEYS: the job. ARGV: its id, why,
 * the channel of the workers, its own channel.
 */
export const CANCEL = `
local known = redis.call('HMGET', KEYS[1], 'name', 'finishedOn', 't:cancel', 't:end')
if not known[1] or known[2] or known[3] then return 0 end
if known[4] and cjson.decode(known[4])['early'] then return 0 end
redis.call('HSET', KEYS[1], 't:cancel', ARGV[2])
redis.call('PUBLISH', ARGV[3], cjson.encode({ARGV[1], ARGV[2]}))
redis.call('PUBLISH', ARGV[4], '')
return 1`;
